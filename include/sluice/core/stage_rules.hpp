// SPDX-License-Identifier: MIT
// What has to happen between two stages, as a pure function: soak, gate, approval, and only then the next
// one.
#pragma once

#include <optional>
#include <string>

#include "sluice/core/rollout.hpp"
#include "sluice/core/run_tally.hpp"
#include "sluice/core/time.hpp"

namespace sluice {

enum class GateAnswer {
  pass,
  fail,
  inconclusive,  ///< to be asked again
};

/// A run between two of its stages, or before its first.
struct StageFacts {
  const Stage* done = nullptr;        ///< the newest stage that was sent; null: none was yet
  StageTally tally;                   ///< its devices
  StageTally run;                     ///< the run's
  std::optional<UtcTime> settled_at;  ///< when its last device had a result; absent: some have none
  std::optional<UtcTime> asked_at;    ///< when its outside check was asked last; absent: never
  std::optional<GateAnswer> answer;   ///< to that; absent: none yet
  const Stage* next = nullptr;        ///< null: it was the last
  bool is_next_approved = false;
  bool is_gate_overruled = false;  ///< by the approval of the next one
};

enum class StageStep {
  finish,  ///< nothing comes after it
  wait,    ///< until `until`, or for a result
  ask,     ///< the outside check
  await_approval,
  hold,  ///< the gate does not let the next stage start: the run stops as `action` says
  open,  ///< the next stage starts
};

struct NextStep {
  StageStep step = StageStep::wait;
  std::optional<UtcTime> until;
  std::string reason;  ///< of wait, ask, await_approval and hold
  StopAction action = StopAction::pause;

  bool operator==(const NextStep&) const = default;
};

NextStep next_step(const StageFacts& facts, UtcTime now);

}  // namespace sluice
