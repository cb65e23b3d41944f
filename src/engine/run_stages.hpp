// SPDX-License-Identifier: MIT
// How far a run in stages has come, in memory: its tally, its stages and what follows from them. The
// dispatcher feeds it with results and carries out what it says.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sluice/core/rollout.hpp"
#include "sluice/core/run_tally.hpp"
#include "sluice/core/stage_rules.hpp"
#include "sluice/core/stop_rules.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

/// What a result's transition becomes when the result passes a threshold.
/// @param aside what else is to be said, after the reason
Transition stopped_by(const Trip& trip, Transition next, const std::string& aside);

class RunStages {
 public:
  explicit RunStages(Rollout rollout) : rollout_(std::move(rollout)) {}

  /// Whether the job has stages or thresholds, so that results must be counted at all.
  bool is_needed() const;
  bool has_stages() const { return !rollout_.stages.empty(); }

  /// From the record, before the first result.
  void begin(RunTally tally, int open_stage) {
    tally_ = std::move(tally);
    open_ = open_stage;
  }
  /// The record is being looked at: what is heeded from now on may not be in it.
  void begin_to_learn() { heeded_meanwhile_.emplace(); }
  /// What the record says. An approval may have come, and a person may have decided about doubt: then what
  /// was counted so far is no longer so, and devices that are sent to again have no result yet.
  void learn(std::vector<StageRecord> stages, RunTally tally);

  /// Counts a result. @return the threshold that it passes
  std::optional<Trip> heed(const ChunkResult& result);

  /// Whether every device of the open stage has a result, and the record does not know it yet.
  bool is_newly_settled() const;
  void settled(UtcTime now, SteadyTime steady_now);
  void opened(UtcTime now);
  void asked(UtcTime now) {
    asked_at_ = now;
    answer_.reset();
  }
  /// @param stage the one that was asked about: an answer that comes when the next one is open says nothing
  void answered(int stage, GateAnswer answer) {
    if (stage == open_) answer_ = answer;
  }
  /// A person says "go on": what was asked outside is asked anew.
  void go_on() {
    answer_.reset();
    asked_at_.reset();
  }

  NextStep next(UtcTime now) const;
  /// The time by which a soak is measured: no later than the clock that does not jump allows.
  UtcTime soak_time(UtcTime now, SteadyTime steady_now) const;
  int open_stage() const { return open_; }
  /// When the open stage was; the epoch if there is none.
  UtcTime opened_at() const;
  int stage_count() const { return static_cast<int>(rollout_.stages.size()); }
  const Stage& stage(int number) const { return rollout_.stages.at(index(number)); }
  const StageTally& tally_of_open() const { return tally_.stages.at(index(open_)); }

 private:
  static std::size_t index(int number) { return static_cast<std::size_t>(number - 1); }

  Rollout rollout_;
  RunTally tally_;
  std::optional<std::vector<ChunkResult>> heeded_meanwhile_;  ///< while the record is being looked at
  std::vector<StageRecord> stages_;
  int open_ = 1;
  std::optional<GateAnswer> answer_;  ///< of the open stage's outside check
  std::optional<UtcTime> asked_at_;
  std::optional<SteadyTime> settled_steady_;  ///< when the open stage was settled, if this process saw it
};

}  // namespace sluice
