// SPDX-License-Identifier: MIT
#include "engine/run_stages.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "sluice/core/mutation.hpp"

namespace sluice {

Transition stopped_by(const Trip& trip, Transition next, const std::string& aside) {
  next.halt = trip.action == StopAction::cancel ? Halt::cancel : Halt::run;
  next.halt_cause = ControlCause::threshold;
  next.halt_reason = trip.reason + aside;
  return next;
}

bool RunStages::is_needed() const {
  const StopRules& abort = rollout_.abort;
  return has_stages() || abort.failed || abort.in_doubt || abort.rejected_in_a_row || !abort.codes.empty();
}

void RunStages::learn(std::vector<StageRecord> stages, RunTally tally) {
  stages_ = std::move(stages);
  if (has_stages() && open_ > 0 && !stages_.at(index(open_)).settled_at) settled_steady_.reset();
  for (const ChunkResult& result :
       std::exchange(heeded_meanwhile_, std::nullopt).value_or(std::vector<ChunkResult>{}))
    sluice::heed(tally, result);
  const auto still_holds = [](const StageTally& mine, const StageTally& recorded) {
    return mine.in_doubt <= recorded.in_doubt && sluice::settled(mine) >= sluice::settled(recorded);
  };
  if (std::ranges::equal(tally_.stages, tally.stages, still_holds)) return;
  tally_ = std::move(tally);
}

std::optional<Trip> RunStages::heed(const ChunkResult& result) {
  if (!is_needed()) return std::nullopt;
  if (heeded_meanwhile_) heeded_meanwhile_->push_back(result);
  sluice::heed(tally_, result);
  return judge(rollout_, tally_, result);
}

bool RunStages::is_newly_settled() const {
  if (!has_stages() || open_ == 0 || stages_.at(index(open_)).settled_at) return false;
  const StageTally& tally = tally_of_open();
  return sluice::settled(tally) >= tally.devices;
}

void RunStages::settled(UtcTime now, SteadyTime steady_now) {
  stages_.at(index(open_)).settled_at = now;
  settled_steady_ = steady_now;
}

// A wall clock that is set forward must not end a soak before its time. After a restart it is all there is.
UtcTime RunStages::soak_time(UtcTime now, SteadyTime steady_now) const {
  if (!settled_steady_) return now;
  const auto passed = std::chrono::floor<std::chrono::microseconds>(steady_now - *settled_steady_);
  return std::min(now, *stages_.at(index(open_)).settled_at + passed);
}

void RunStages::opened(UtcTime now) {
  ++open_;
  settled_steady_.reset();
  stages_.at(index(open_)).opened_at = now;
  answer_.reset();
  asked_at_.reset();
}

UtcTime RunStages::opened_at() const {
  if (!has_stages() || open_ == 0 || stages_.empty()) return UtcTime{};
  return stages_.at(index(open_)).opened_at.value_or(UtcTime{});
}

NextStep RunStages::next(UtcTime now) const {
  StageFacts facts{.asked_at = asked_at_, .answer = answer_};
  if (open_ > 0) {
    facts.done = &stage(open_);
    facts.tally = tally_of_open();
    facts.run = total(tally_);
    // What an operator has sent once more is not on record as settled for ever.
    if (sluice::settled(facts.tally) >= facts.tally.devices || is_seeded(Mutation::resent_not_awaited))
      facts.settled_at = stages_.at(index(open_)).settled_at;
  }
  if (open_ < stage_count()) {
    const StageRecord& record = stages_.at(index(open_ + 1));
    facts.next = &stage(open_ + 1);
    facts.is_next_approved = record.approved_at.has_value();
    facts.is_gate_overruled = record.is_past_gate;
  }
  return next_step(facts, now);
}

}  // namespace sluice
