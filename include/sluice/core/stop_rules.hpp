// SPDX-License-Identifier: MIT
// When a run stops by itself: its thresholds, judged after every result, and how each of them reads as a
// sentence.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/core/rollout.hpp"
#include "sluice/core/run_tally.hpp"

namespace sluice {

/// A threshold was passed.
struct Trip {
  StopAction action = StopAction::pause;
  std::string
      reason;  ///< "6 of 100 devices failed in stage canary, and 5 are tolerated"; quotes codes: untrusted

  bool operator==(const Trip&) const = default;
};

/// How many of `devices` the tolerance allows; a percentage is rounded down.
std::int64_t tolerated(const Tolerance& tolerance, std::int64_t devices);

/// Whether the result that was counted last passes a threshold of the run or of its stage's gate. Only what
/// makes things worse trips, or what completes the sample that a rule waits for: after a person has said to
/// go on, the next failure stops the run, not the next success. If a gate and the run's own rules are passed
/// at once, the gate speaks, unless the other one cancels.
/// @param tally with the result in it
std::optional<Trip> judge(const Rollout& rollout, const RunTally& tally, const ChunkResult& newest);

/// The limits of these rules that are passed, whatever came last, as reasons: what a gate looks at in the
/// end.
std::vector<std::string> passed_limits(const StopRules& rules, const Stage& stage, const StageTally& of_stage,
                                       const StageTally& of_run);

/// The limits of these rules that wait for a larger sample than there is, as reasons.
std::vector<std::string> missing_samples(const StopRules& rules, const StageTally& of_stage,
                                         const StageTally& of_run);

/// Every rule as a sentence: "pauses when the 6th of 100 devices fails or is in doubt".
std::vector<std::string> sentences(const StopRules& rules, std::int64_t stage_devices,
                                   std::int64_t run_devices);

/// What a rule asks for and can never get: a sample that is larger than what it is taken from. Each names the
/// rule by its field, such as "stages[0].gate.failed.min_sample".
std::vector<std::string> impossible_samples(const Rollout& rollout,
                                            const std::vector<std::int64_t>& stage_devices);

}  // namespace sluice
