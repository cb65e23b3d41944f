// SPDX-License-Identifier: MIT
#include "sluice/core/chunk_rules.hpp"

#include <algorithm>

#include "sluice/core/backoff.hpp"
#include "sluice/core/mutation.hpp"

namespace sluice {
namespace {

// A throttle without a hint: the pacer already slows the tenant down, so the chunk need not wait long.
constexpr std::chrono::seconds throttle_pause{1};

// Why an account pauses at a nonce that was used before its first send.
constexpr std::string_view repeated_by_others =
    "a nonce was used before sluice sent it: something on the way repeats requests, or a copy of this "
    "machine "
    "sends as well";

// How the reason of a run that pauses at its deadline begins.
constexpr std::string_view deadline_reason = "the job's deadline has passed";

Transition final_state(ChunkState state, Evidence evidence = Evidence::none) {
  return {.state = state, .evidence = evidence, .due_at = {}};
}

Transition back_to_pending(UtcTime due_at, bool spends_attempt) {
  return {.state = ChunkState::pending, .due_at = due_at, .spends_attempt = spends_attempt};
}

Halt halt_of(OutcomeKind kind) {
  if (kind == OutcomeKind::rejected_job) return Halt::run;
  if (kind == OutcomeKind::blocked) return Halt::tenant;
  return Halt::none;
}

// Somebody else stands at the door, or the endpoint is configured wrongly: the next request would fare no
// better, and each one sent is a signed command in a stranger's hands.
bool is_redirect(const Outcome& outcome) { return outcome.http_status / 100 == 3; }

Transition halted(Halt halt, UtcTime now) {
  Transition next = back_to_pending(now, /*spends_attempt=*/false);
  next.halt = halt;
  return next;
}

// Past its deadline a run pauses: what was not executed is not "failed", and whoever resumes the run gives it
// the deadline once more.
bool is_past_deadline(const AttemptFacts& attempt, const RetryPolicy& retry, UtcTime due_at) {
  return due_at >= attempt.run_started_at + retry.deadline;
}

Transition halted_at_deadline(const Outcome& outcome, UtcTime now) {
  Transition next = halted(Halt::run, now);
  next.halt_reason = std::string{deadline_reason} + "; its last attempt ended with " + outcome.code +
                     (outcome.message.empty() ? "" : ": ") + outcome.message;
  return next;
}

UtcTime retry_at(const AttemptFacts& attempt, const Outcome& outcome, const RetryPolicy& retry, UtcTime now,
                 double jitter) {
  const std::chrono::milliseconds backoff = backoff_delay(retry, attempt.number, jitter);
  return now + std::max(backoff, outcome.retry_after.value_or(std::chrono::milliseconds{0}));
}

// With a fresh nonce, so only where a second execution is impossible or allowed.
Transition retry_or(ChunkState when_spent, const AttemptFacts& attempt, const Outcome& outcome,
                    const RetryPolicy& retry, UtcTime now, double jitter) {
  const UtcTime due_at = retry_at(attempt, outcome, retry, now, jitter);
  const bool is_spent = attempt.number >= retry.max_attempts && !is_seeded(Mutation::attempts_unbounded);
  if (is_spent) return final_state(when_spent);
  if (is_past_deadline(attempt, retry, due_at)) return halted_at_deadline(outcome, now);
  return back_to_pending(due_at, /*spends_attempt=*/true);
}

// The endpoint was not reached at all: like a throttle, that says nothing about the chunk. With five attempts
// per chunk, an outage of a minute would otherwise fail chunks that nobody has ever looked at.
Transition unreached(const AttemptFacts& attempt, const Outcome& outcome, const RetryPolicy& retry,
                     UtcTime now, double jitter) {
  const UtcTime due_at = retry_at(attempt, outcome, retry, now, jitter);
  if (is_past_deadline(attempt, retry, due_at)) return halted_at_deadline(outcome, now);
  return back_to_pending(due_at, /*spends_attempt=*/false);
}

// A fresh attempt where the job allows a second execution, for as long as there are attempts and time. Past
// the deadline there is nothing to pause for: what may have been executed is in doubt, then as now.
Transition unclear(const AttemptFacts& attempt, const Outcome& outcome, const ChunkPolicy& policy,
                   UtcTime now, double jitter) {
  const bool may_repeat = policy.safe_to_repeat || policy.on_doubt == OnDoubt::resend;
  if (!may_repeat || attempt.number >= policy.retry.max_attempts) return final_state(ChunkState::in_doubt);
  const UtcTime due_at = retry_at(attempt, outcome, policy.retry, now, jitter);
  if (is_past_deadline(attempt, policy.retry, due_at)) return final_state(ChunkState::in_doubt);
  return back_to_pending(due_at, /*spends_attempt=*/true);
}

// The last word on an outcome. Not on poison: that is no outcome.
Transition by_policy(Transition next, const AttemptFacts& attempt, const ChunkPolicy& policy) {
  // "Failed" says that nothing was executed. After an attempt that may have been, nobody knows.
  if (next.state == ChunkState::failed && attempt.is_unclear_already) next.state = ChunkState::in_doubt;
  if (next.state != ChunkState::in_doubt || policy.on_doubt != OnDoubt::presume) return next;
  next.state = ChunkState::succeeded;
  next.evidence = Evidence::presumed;
  next.is_presumed_by_policy = true;
  return next;
}

bool may_replay_at(const AttemptFacts& attempt, UtcTime due_at) {
  return due_at < attempt.request_stamped_at + identical_replay_window ||
         is_seeded(Mutation::replay_any_time);
}

Transition replay_at(UtcTime due_at) {
  Transition next = back_to_pending(due_at, /*spends_attempt=*/false);
  next.replay = true;
  return next;
}

Transition after_silence(const AttemptFacts& attempt, const Outcome& outcome, const ChunkPolicy& policy,
                         UtcTime now, double jitter) {
  if (is_seeded(Mutation::fresh_nonce_after_silence)) return back_to_pending(now, /*spends_attempt=*/true);
  if (attempt.replay_number < identical_replays_max && may_replay_at(attempt, now)) return replay_at(now);
  return unclear(attempt, outcome, policy, now, jitter);
}

// The endpoint was not reached, so this replay was none: it stays owed for as long as the nonce is
// remembered.
Transition unreached_replay(const AttemptFacts& attempt, const Outcome& outcome, const ChunkPolicy& policy,
                            UtcTime now, double jitter) {
  const UtcTime due_at = retry_at(attempt, outcome, policy.retry, now, jitter);
  if (may_replay_at(attempt, due_at)) return replay_at(due_at);
  return unclear(attempt, outcome, policy, now, jitter);
}

// A refusal of the replay is about the replay: of the silent first copy it says nothing, unless it says that
// the nonce was used. And once a replay was answered, another one would be told "nonce used" because of that
// answer.
Transition settle_replay(const AttemptFacts& attempt, const Outcome& outcome, const ChunkPolicy& policy,
                         UtcTime now, double jitter) {
  switch (outcome.kind) {
    case OutcomeKind::accepted:
      return final_state(ChunkState::succeeded, Evidence::confirmed);
    case OutcomeKind::nonce_used:
      if (is_seeded(Mutation::nonce_used_confirmed))
        return final_state(ChunkState::succeeded, Evidence::confirmed);
      return final_state(ChunkState::succeeded, Evidence::presumed);
    case OutcomeKind::silent:
      return after_silence(attempt, outcome, policy, now, jitter);
    case OutcomeKind::unavailable:
      if (outcome.http_status == 0) return unreached_replay(attempt, outcome, policy, now, jitter);
      return unclear(attempt, outcome, policy, now, jitter);
    case OutcomeKind::throttled:
    case OutcomeKind::answered_unclear:
    case OutcomeKind::rejected_devices:
    case OutcomeKind::rejected_job:
    case OutcomeKind::blocked:
      break;
  }
  // A certificate that does not fit: then nothing was sent.
  const bool is_unreached = outcome.kind == OutcomeKind::blocked && outcome.http_status == 0;
  Transition next = is_unreached ? unreached_replay(attempt, outcome, policy, now, jitter)
                                 : unclear(attempt, outcome, policy, now, jitter);
  next.halt = halt_of(outcome.kind);
  return next;
}

Transition settle_first_send(const AttemptFacts& attempt, const Outcome& outcome, const ChunkPolicy& policy,
                             UtcTime now, double jitter) {
  switch (outcome.kind) {
    case OutcomeKind::accepted:
      return final_state(ChunkState::succeeded, Evidence::confirmed);

    case OutcomeKind::throttled: {
      // Throttled attempts are given back: the quota was at fault, not the chunk. Otherwise a busy hour would
      // use up all attempts on chunks that the API has never looked at. The run's deadline still bounds the
      // wait.
      const UtcTime due_at = now + outcome.retry_after.value_or(throttle_pause);
      if (is_past_deadline(attempt, policy.retry, due_at)) return halted_at_deadline(outcome, now);
      return back_to_pending(due_at, /*spends_attempt=*/false);
    }

    case OutcomeKind::nonce_used: {
      // Nobody else uses our nonces, so something has repeated this very request, and the copy may have been
      // executed: a fresh attempt could be the second execution. The next request would fare no better.
      Transition next = unclear(attempt, outcome, policy, now, jitter);
      next.halt = Halt::tenant;
      next.halt_reason = repeated_by_others;
      return next;
    }

    case OutcomeKind::unavailable:
      // A refusal by an endpoint that is lost is an outage like any other, and an outage may last for hours.
      if (outcome.http_status == 0 || attempt.endpoint_is_lost) {
        return unreached(attempt, outcome, policy.retry, now, jitter);
      }
      return retry_or(ChunkState::failed, attempt, outcome, policy.retry, now, jitter);

    case OutcomeKind::silent:
      return after_silence(attempt, outcome, policy, now, jitter);

    case OutcomeKind::answered_unclear:
      if (is_seeded(Mutation::replay_after_answer))
        return after_silence(attempt, outcome, policy, now, jitter);
      if (is_seeded(Mutation::unclear_not_executed)) return back_to_pending(now, /*spends_attempt=*/true);
      return unclear(attempt, outcome, policy, now, jitter);

    case OutcomeKind::rejected_devices:
      if (attempt.devices == 1 && is_seeded(Mutation::rejected_retried)) return back_to_pending(now, true);
      return final_state(attempt.devices > 1 ? ChunkState::split : ChunkState::failed);

    case OutcomeKind::rejected_job:
    case OutcomeKind::blocked:
      return halted(halt_of(outcome.kind), now);
  }
  return final_state(ChunkState::in_doubt);
}

}  // namespace

ChunkPolicy policy_of(const Job& job) { return {job.retry, job.safe_to_repeat, job.on_doubt}; }

Transition settle(const AttemptFacts& attempt, const Outcome& outcome, const ChunkPolicy& policy, UtcTime now,
                  double jitter) {
  Transition next = attempt.replay_number > 0 ? settle_replay(attempt, outcome, policy, now, jitter)
                                              : settle_first_send(attempt, outcome, policy, now, jitter);
  if (is_redirect(outcome)) next.halt = Halt::tenant;
  return by_policy(next, attempt, policy);
}

Transition release(const AttemptFacts& attempt, const ChunkPolicy& policy, UtcTime now) {
  if (attempt.replay_number == 0) return back_to_pending(now, /*spends_attempt=*/false);
  const Outcome unsent{.kind = OutcomeKind::unavailable};
  return by_policy(unreached_replay(attempt, unsent, policy, now, /*jitter=*/0), attempt, policy);
}

Transition recover(const AttemptFacts& attempt, const ChunkPolicy& policy, UtcTime now) {
  if (is_seeded(Mutation::orphans_requeued)) return back_to_pending(now, /*spends_attempt=*/false);
  if (attempt.crashes >= poison_crashes && !is_seeded(Mutation::poison_not_held)) {
    Transition next = final_state(ChunkState::in_doubt);
    next.held = Held::poison;
    return next;
  }
  const Outcome lost{.kind = OutcomeKind::silent};
  return by_policy(after_silence(attempt, lost, policy, now, /*jitter=*/0), attempt, policy);
}

std::string reason_of_late_retries() {
  return std::string{deadline_reason} + "; what is left are retries that the retry budget held back";
}

bool is_deadline_reason(std::string_view control_reason) {
  return control_reason.starts_with(deadline_reason);
}

bool may_have_been_executed(OutcomeKind kind) {
  return kind == OutcomeKind::silent || kind == OutcomeKind::answered_unclear ||
         kind == OutcomeKind::nonce_used;
}

std::optional<ChunkState> cancel(ChunkState state, bool is_unclear) {
  if (state != ChunkState::pending) return std::nullopt;
  return is_unclear ? ChunkState::in_doubt : ChunkState::canceled;
}

Transition in_canceled_run(Transition next, bool is_unclear) {
  if (next.is_presumed_by_policy) {
    next.state = ChunkState::in_doubt;
    next.evidence = Evidence::none;
    next.is_presumed_by_policy = false;
  }
  if (const std::optional<ChunkState> canceled = cancel(next.state, is_unclear)) {
    next.state = *canceled;
    next.replay = false;
  }
  return next;
}

}  // namespace sluice
