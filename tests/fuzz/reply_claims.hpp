// SPDX-License-Identifier: MIT
// What holds for the outcome of any answer, whatever its notation: shared by the targets for JSON and XML.
#pragma once

#include "fuzz/claim.hpp"
#include "sluice/dialect/invoke_things.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice::fuzz {

inline constexpr UtcTime now{std::chrono::seconds{1'700'000'000}};

/// The input's first line is the answer's status, the rest its body. No number there: all of it is a body.
inline HttpResponse response_of(std::string_view input) {
  const auto [line, rest] = split_first_line(input);
  const bool is_status = line.size() == 3 && line.find_first_not_of("0123456789") == line.npos;
  if (!is_status) return {.status = 200, .headers = {}, .body = std::string{input}};
  return {.status = std::stoi(std::string{line}), .headers = {}, .body = std::string{rest}};
}

inline void claim_text_can_be_shown(std::string_view untrusted) {
  const std::string shown = printable(untrusted);
  claim(is_free_of_controls(shown), "what is shown of an answer steers no terminal", shown);
  claim(shown.size() <= 1024, "what is shown of an answer is not long", shown);
}

inline Outcome outcome_of(const HttpResponse& response) {
  const Outcome outcome = classify(InvokeThingsDialect{}, response, now);
  claim(outcome == classify(InvokeThingsDialect{}, response, now), "an answer always means the same");
  claim(outcome.http_status == response.status, "the status is kept");
  claim(outcome.kind != OutcomeKind::silent, "an answer is not silence");
  claim(outcome.message.size() <= 1024, "a message has at most 1 KiB");
  claim(outcome.code.size() <= 128 && outcome.request_id.size() <= 128, "a word has at most 128 bytes");
  claim_text_can_be_shown(outcome.message);
  claim_text_can_be_shown(outcome.code);
  claim_text_can_be_shown(outcome.request_id);
  const bool is_success = response.status >= 200 && response.status < 300;
  claim(is_success || outcome.kind != OutcomeKind::accepted, "only a 2xx is accepted");
  return outcome;
}

}  // namespace sluice::fuzz
