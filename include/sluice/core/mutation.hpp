// SPDX-License-Identifier: MIT
// Deliberate mistakes that the simulation must find (tests/simulation/mutants.sh). In the program that is
// shipped nothing is seeded, and nothing can be: is_seeded() is a constant there.
#pragma once

namespace sluice {

enum class Mutation {
  none,
  fresh_nonce_after_silence,  ///< silence is followed by a new request instead of the same one
  orphans_requeued,           ///< what a dead process left in flight is sent afresh
  send_before_intent,         ///< a claim is acted upon before it is committed
  told_before_commit,         ///< a result is told before it is committed
  failed_commit_done,         ///< a commit that failed is taken for one that did not
  half_settled,               ///< an answer is recorded in two transactions: result, then state
  counters_apart,             ///< … state, then counters
  synchronous_normal,         ///< commits are not synced
  no_seal,                    ///< nothing is made durable when the store is opened
  boot_commit,                ///< a commit does it, and no checkpoint
  lock_ignored,               ///< a store can have two owners
  generation_ignored,         ///< an older copy of the store is not noticed
  settle_unchecked,           ///< an answer is recorded whoever has the chunk in flight
  no_cold_start_pause,        ///< a new process sends at once
  fixed_window,               ///< the limit is kept in seconds by the clock, not in every second
  retry_after_ignored,        ///< the server's wish for silence is not heard
  retry_after_forgotten,      ///< … not known to the next process
  budget_ignored,             ///< retries are sent without end
  attempts_unbounded,         ///< … of a chunk, too
  replay_after_answer,        ///< a request is repeated after an error that was received
  replay_across_keys,         ///< … under a key that has changed since
  replay_any_time,            ///< … however long ago it was sent
  replay_by_wall_clock,       ///< … how long ago is told by the wall clock alone
  replay_when_paused,         ///< … although the run is paused
  nonce_used_confirmed,       ///< that a nonce was used is taken for an acceptance
  unclear_not_executed,       ///< an error inside is taken for a refusal
  rejected_retried,           ///< a device that was refused by itself is asked again
  poison_not_held,            ///< a chunk may take any number of processes with it
  split_loses_device,
  split_doubles_device,
  cancel_keeps_pending,     ///< a canceled run keeps what was not sent in the queue
  closed_stage_claimed,     ///< chunks of the stage that comes next are sent with those of the open one
  threshold_halts_late,     ///< a passed threshold halts only when it is on record
  lost_not_judged,          ///< what a dead process left in doubt passes no threshold
  gate_without_sample,      ///< a gate lets the next stage start, however few results it has
  resent_not_awaited,       ///< … although devices of its stage are sent again
  approval_ignored,         ///< a stage starts without the approval that it wants
  soak_anew,                ///< a soak begins anew when the record is read
  soak_forgotten,           ///< … is over then
  tally_forgotten,          ///< what earlier processes have counted is not known to the next one
  hours_ignored_at_gate,    ///< what waits at the gate goes out after the window or the deadline
  pause_forgotten_at_gate,  ///< … although its run has been halted
  minute_not_kept,          ///< a run's devices are spread over a minute, and not counted in it
  rate_order_ignored,       ///< a pace that a person has ordered is not heeded
  denied_sent,              ///< … nor is the deny list
};

#ifdef SLUICE_MUTATIONS
extern Mutation seeded_mutation;
inline bool is_seeded(Mutation mutation) { return mutation == seeded_mutation; }
#else
constexpr bool is_seeded(Mutation) { return false; }
#endif

}  // namespace sluice
