// SPDX-License-Identifier: MIT
// What a dispatcher knows of a run that it serves, and decides about it: whether it may send, how much, and
// what becomes of an outcome.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "engine/run_stages.hpp"
#include "sluice/core/chunk_rules.hpp"
#include "sluice/core/job.hpp"
#include "sluice/core/run_pace.hpp"
#include "sluice/core/split_guard.hpp"
#include "sluice/core/window_rules.hpp"
#include "sluice/engine/dispatcher.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

class ServedRun {
 public:
  /// @param account_rate requests per second of all that the dispatcher sends
  ServedRun(RunToServe run, double account_rate, UtcTime now);

  RunId id() const { return id_; }
  const Job& job() const { return *job_; }
  /// For the database thread.
  const std::shared_ptr<const Job>& shared_job() const { return job_; }
  ChunkPolicy policy() const { return policy_of(*job_); }

  /// Nothing of it is sent any more, until it is served again.
  void halt() { is_halted_ = true; }
  /// A person says "go on": what had stopped it by the clock or by an answer counts anew.
  void serve_again(UtcTime now);
  bool is_halted() const { return is_halted_; }

  /// The run's deadline counts from its first start; whoever goes on with it after that has it once more.
  /// What an earlier process sent in the last minute counts for its devices a minute.
  void starts_from(std::optional<UtcTime> first_start, UtcTime now, SteadyTime steady_now);
  bool is_past_deadline(UtcTime now) const { return deadline_ && now >= *deadline_; }
  /// Whether the hour is one at which the job may send.
  bool is_in_window(UtcTime now) const;
  bool may_send(UtcTime now) const { return !is_halted_ && !is_past_deadline(now) && is_in_window(now); }
  /// When may_send() changes by itself; absent: never.
  std::optional<UtcTime> changes_at(UtcTime now) const;

  /// Before every claim: notes when its window opens.
  /// @return its window, if that is not what it was
  std::optional<WindowState> look_at(UtcTime now);
  /// Since when the run could send without a stage or a closed window in between: a time in which nobody
  /// could try does not count against the deadline of its retries.
  UtcTime free_since() const { return std::max({window_opened_at_, stages.opened_at(), resumed_at_}); }
  /// The deadline of the retries, for a chunk that was claimed.
  void retries_until(UtcTime deadline) { retry_deadline_ = deadline; }
  std::optional<UtcTime> retry_deadline() const { return retry_deadline_; }

  // Its own pace. One that is limited has one chunk at most between claim and wire.
  /// All that the dispatcher sends goes at another rate from now on.
  void account_rate_is(double requests_per_second);
  int chunks_max(SteadyTime now) const;
  /// When chunks_max() changes by itself; absent: it does not.
  std::optional<SteadyTime> claimable_from() const;
  SteadyTime paced_from() const { return pace_.next_send_at(static_cast<int>(job_->chunk_size)); }
  bool is_paced() const { return pace_.is_limited(); }
  void claimed() {
    ++staged_;
    ++under_way_;
  }
  void left_stage() { --staged_; }
  /// What was claimed is settled, or given up.
  void ended() { --under_way_; }
  void asked_outside() { ++under_way_; }
  void answered_outside() { --under_way_; }
  /// Somebody who is on his way refers to it.
  bool is_needed() const { return under_way_ > 0; }
  void sent(SteadyTime now, UtcTime wall_now, int devices);
  /// A request that was sent has its result, or did not go out after all.
  void landed(int devices);

  /// What the rules make of an outcome, thresholds and split guard included.
  Transition decide(const ClaimedChunk& chunk, const Outcome& outcome, UtcTime now, double jitter);
  /// The same for a transition that is decided already: only its thresholds.
  Transition judged(const ClaimedChunk& chunk, const Outcome& outcome, Transition next);

  RunStages stages;

 private:
  std::string overshoot_text() const;

  RunId id_;
  std::shared_ptr<const Job> job_;
  double rate_;  ///< requests per second; 0: those of the account
  bool is_split_guarded_;
  bool is_halted_ = false;
  std::optional<UtcTime> deadline_;
  std::optional<UtcTime> retry_deadline_;
  bool was_in_window_ = true;
  UtcTime resumed_at_;
  UtcTime window_opened_at_;  ///< as look_at() has seen it
  SplitGuard split_guard_;
  RunPace pace_;
  int under_way_ = 0;      ///< claimed and not settled, and questions about its stages
  int staged_ = 0;         ///< claimed, not yet through the gate
  int on_the_wire_ = 0;    ///< requests without a result
  int devices_there_ = 0;  ///< in them
};

}  // namespace sluice
