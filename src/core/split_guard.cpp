// SPDX-License-Identifier: MIT
#include "sluice/core/split_guard.hpp"

namespace sluice {
namespace {

constexpr std::string_view reason_code = "split_guard";

}  // namespace

void SplitGuard::heed(const AttemptFacts& attempt, const Outcome& outcome) {
  if (outcome.kind == OutcomeKind::accepted) was_accepted_ = true;
  // What a replay is told says nothing certain, and splits nothing.
  const bool is_refusal = outcome.kind == OutcomeKind::rejected_devices && attempt.replay_number == 0;
  if (was_accepted_ || !is_refusal) return;
  if (attempt.is_part) {
    ++parts_;
  } else {
    alike_ = outcome.code == code_ ? alike_ + 1 : 1;
    code_ = outcome.code;
  }
  if (alike_ >= alike_max || parts_ >= parts_max) has_tripped_ = true;
}

Transition stop_splitting(const Outcome& outcome, UtcTime now) {
  Transition next{.state = ChunkState::pending, .due_at = now, .spends_attempt = false, .halt = Halt::run};
  next.halt_reason = std::string{reason_code} + ": the cloud refuses one list of devices like the other (" +
                     outcome.code + (outcome.message.empty() ? "" : ": ") + outcome.message +
                     "), and nothing of this run was accepted; check product key and device list; `sluice "
                     "resume` goes on splitting";
  return next;
}

bool is_split_guard_reason(std::string_view control_reason) {
  return control_reason.starts_with(std::string{reason_code} + ":");
}

bool splits_unguarded(const RunRecord& run) {
  const bool was_paused_by_guard =
      run.control == RunControl::paused && is_split_guard_reason(run.control_reason);
  return was_paused_by_guard || run.chunks.accepted > 0;
}

}  // namespace sluice
