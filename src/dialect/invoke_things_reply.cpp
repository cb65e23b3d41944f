// SPDX-License-Identifier: MIT
// What an answer to InvokeThingsService means. When in doubt the outcome is answered_unclear: every other
// kind claims to know whether the command was executed.
#include <fmt/format.h>

#include <algorithm>
#include <boost/algorithm/string/find.hpp>
#include <boost/algorithm/string/predicate.hpp>
#include <locale>

#include "dialect/answer.hpp"
#include "dialect/retry_hint.hpp"
#include "sluice/dialect/invoke_things.hpp"

namespace sluice {
namespace {

constexpr std::size_t message_bytes_max = 1024;
constexpr std::size_t word_bytes_max = 128;  // of a code, a request id
constexpr std::size_t excerpt_bytes_max = 200;

// Cuts between characters, so that valid UTF-8 stays valid.
void cut(std::string& text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return;
  const auto continues = [&](std::size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
  };
  std::size_t end = bytes_max;
  while (end > 0 && bytes_max - end < 3 && continues(end)) --end;
  text.resize(continues(end) ? bytes_max : end);
}

// A signature that does not match is answered with the whole request, encoded twice: kilobytes that help
// nobody here.
void leave_out_string_to_sign(std::string& message) {
  constexpr std::string_view mark = "string to sign is:";
  const std::size_t at = message.find(mark);
  if (at != message.npos) message.replace(at + mark.size(), message.npos, " (left out)");
}

// SignatureDoesNotMatch quotes the string that the server signed, and with it the token of a temporary key.
// The text ends up in the store and on the screen, so the token's value is taken out, encoded or not.
void redact_security_token(std::string& text) {
  static constexpr std::string_view name = "SecurityToken";
  std::size_t from = 0;
  while (true) {
    const std::string_view unread = std::string_view{text}.substr(from);
    const auto found = boost::algorithm::ifind_first(unread, name, std::locale::classic());
    if (found.empty()) return;
    from += static_cast<std::size_t>(found.end() - unread.begin());
    const std::string_view rest = std::string_view{text}.substr(from);
    const bool is_encoded = rest.starts_with("%3D") || rest.starts_with("%3d");
    if (!is_encoded && !rest.starts_with('=')) continue;
    const std::size_t begin = from + (is_encoded ? 3 : 1);
    const std::size_t plain_end = text.find_first_of("& \t\r\n\"'<>", begin);
    const std::size_t encoded_end = is_encoded ? text.find("%26", begin) : std::string::npos;
    const std::size_t end = std::min({plain_end, encoded_end, text.size()});
    text.replace(begin, end - begin, "***");
    from = begin + 3;
  }
}

bool is_success_status(int status) { return status >= 200 && status < 300; }
bool is_error_status(int status) { return status >= 400 && status < 600; }

std::string first_of(std::string_view body) {
  std::string excerpt{body.substr(0, excerpt_bytes_max + 4)};
  cut(excerpt, excerpt_bytes_max);
  return excerpt;
}

// Says in words why there is no answer to quote.
std::string describe_unreadable(const HttpResponse& response) {
  if (response.status >= 300 && response.status < 400) {
    return fmt::format("HTTP {}: the endpoint redirects to {}, and redirects are not followed",
                       response.status,
                       find_header(response, "Location").value_or("an address it does not name"));
  }
  if (response.body.empty()) return fmt::format("HTTP {} with an empty body", response.status);
  const std::string_view encoding = find_header(response, "Content-Encoding").value_or("identity");
  if (!boost::algorithm::iequals(encoding, "identity", std::locale::classic())) {
    return fmt::format("HTTP {} with a body encoded as {}, which nobody asked for", response.status,
                       encoding);
  }
  return fmt::format("HTTP {} with a body that is no answer of the API: {}", response.status,
                     first_of(response.body));
}

OutcomeKind kind_of_refusal(const InvokeThingsDialect& dialect, const Answer& answer, int status,
                            bool is_rate_limited) {
  if (answer.readable) {
    if (const auto known = outcome_of_code(answer.code, dialect.extra_codes)) return *known;
  }
  // The API's own limit headers come with refusals only. A known code says more than a header, so it was
  // asked first; and a server that has failed inside may have executed the call, whatever its front end adds.
  if (status < 500 && is_rate_limited) return OutcomeKind::throttled;
  // The front-end turned the request away because of its size; a repetition is as large.
  if (status == 413 || status == 414) return OutcomeKind::rejected_job;
  return OutcomeKind::answered_unclear;
}

OutcomeKind kind_of(const InvokeThingsDialect& dialect, const Answer& answer, int status,
                    bool is_rate_limited) {
  if (status == 429) return OutcomeKind::throttled;
  const bool claims_success = answer.readable && answer.success == true;
  if (is_success_status(status)) {
    if (!answer.readable || !answer.success) return OutcomeKind::answered_unclear;
    if (!claims_success) return kind_of_refusal(dialect, answer, status, is_rate_limited);
    // Success beside the code of a failure is a contradiction; other codes beside it ("", "OK") are not.
    const bool contradicts = outcome_of_code(answer.code, dialect.extra_codes).has_value();
    return contradicts ? OutcomeKind::answered_unclear : OutcomeKind::accepted;
  }
  if (!is_error_status(status) || claims_success) return OutcomeKind::answered_unclear;
  return kind_of_refusal(dialect, answer, status, is_rate_limited);
}

}  // namespace

Outcome classify(const InvokeThingsDialect& dialect, const HttpResponse& response, UtcTime now) {
  const Answer answer = read_answer(response.body, dialect.action);
  const auto hint = read_retry_hint(response, now);

  Outcome outcome;
  outcome.http_status = response.status;
  outcome.kind = kind_of(dialect, answer, response.status, hint && hint->is_rate_limit);
  outcome.code = answer.code;
  outcome.message = answer.message;
  outcome.request_id = answer.request_id;
  if (outcome.kind != OutcomeKind::accepted) {
    if (hint) outcome.retry_after = hint->wait;
    if (outcome.code.empty()) outcome.code = fmt::format("http_{}", response.status);
    if (outcome.message.empty() && !answer.readable) outcome.message = describe_unreadable(response);
  }
  leave_out_string_to_sign(outcome.message);
  redact_security_token(outcome.message);
  cut(outcome.message, message_bytes_max);
  cut(outcome.code, word_bytes_max);
  cut(outcome.request_id, word_bytes_max);
  return outcome;
}

Outcome classify(const TransportFailure& failure) {
  Outcome outcome;
  outcome.code = to_string(failure.kind);
  outcome.message = failure.message;
  cut(outcome.message, message_bytes_max);
  if (failure.may_have_arrived) {
    // Where something was answered, whatever it is, the nonce is used: the refusal of a repetition would
    // prove nothing.
    const bool was_answered = failure.kind == FailureKind::unreadable;
    outcome.kind = was_answered ? OutcomeKind::answered_unclear : OutcomeKind::silent;
  } else if (failure.kind == FailureKind::certificate || failure.kind == FailureKind::weak_tls) {
    outcome.kind = OutcomeKind::blocked;
  } else {
    outcome.kind = OutcomeKind::unavailable;
  }
  return outcome;
}

}  // namespace sluice
