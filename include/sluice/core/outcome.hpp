// SPDX-License-Identifier: MIT
// What one attempt told us. The dialect makes it of a reply, chunk_rules decide what follows from it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

enum class OutcomeKind {
  accepted,          ///< the API took it; not: the device has done it
  nonce_used,        ///< refused because the nonce was seen before
  throttled,         ///< too fast; certainly not executed
  unavailable,       ///< certainly not executed, for a reason that passes
  silent,            ///< bytes were written, no complete answer came
  answered_unclear,  ///< an answer that does not say whether it was executed
  rejected_devices,  ///< some device in the list is at fault
  rejected_job,      ///< the job's own parameters are at fault
  blocked,           ///< nothing of this tenant will be taken: key, signature, permission, bill
};

struct Outcome {
  OutcomeKind kind = OutcomeKind::answered_unclear;
  std::string code;     ///< the API's code, or a short word of ours such as "connect_refused"; untrusted text
  std::string message;  ///< untrusted text, at most 1 KiB
  std::string request_id;  ///< the cloud's; empty when there was no answer
  int http_status = 0;     ///< 0: no answer
  std::optional<std::chrono::milliseconds>
      retry_after;  ///< the server's hint, already clamped to 1 s … 15 min

  bool operator==(const Outcome&) const = default;
};

std::string_view to_string(OutcomeKind kind);
std::optional<OutcomeKind> outcome_kind_from(std::string_view word);

}  // namespace sluice
