// SPDX-License-Identifier: MIT
#include "sluice/core/chunk_rules.hpp"

#include "sluice/core/backoff.hpp"

namespace sluice {
namespace {

// A throttle without a hint: the pacer already slows the tenant down, so the chunk need not wait long.
constexpr std::chrono::seconds throttle_pause{1};

Transition final_state(ChunkState state, Evidence evidence = Evidence::none) {
  return {.state = state, .evidence = evidence, .due_at = {}};
}

Transition back_to_pending(UtcTime due_at, bool spends_attempt) {
  return {.state = ChunkState::pending, .due_at = due_at, .spends_attempt = spends_attempt};
}

Transition halted(Halt halt, UtcTime now) {
  Transition next = back_to_pending(now, /*spends_attempt=*/false);
  next.halt = halt;
  return next;
}

bool may_try_again(const AttemptFacts& attempt, const RetryPolicy& retry, UtcTime due_at) {
  return attempt.number < retry.max_attempts && due_at < attempt.run_started_at + retry.deadline;
}

// With a fresh nonce, so only where a second execution is impossible or allowed.
Transition retry_or(ChunkState when_spent, const AttemptFacts& attempt, const Outcome& outcome,
                    const RetryPolicy& retry, UtcTime now, double jitter) {
  const std::chrono::milliseconds backoff = backoff_delay(retry, attempt.number, jitter);
  const UtcTime due_at = now + std::max(backoff, outcome.retry_after.value_or(std::chrono::milliseconds{0}));
  if (!may_try_again(attempt, retry, due_at)) return final_state(when_spent);
  return back_to_pending(due_at, /*spends_attempt=*/true);
}

Transition unclear(const AttemptFacts& attempt, const Outcome& outcome, const ChunkPolicy& policy,
                   UtcTime now, double jitter) {
  if (!policy.safe_to_repeat) return final_state(ChunkState::in_doubt);
  return retry_or(ChunkState::in_doubt, attempt, outcome, policy.retry, now, jitter);
}

Transition after_silence(const AttemptFacts& attempt, const Outcome& outcome, const ChunkPolicy& policy,
                         UtcTime now, double jitter) {
  const bool replay_is_safe = attempt.replay_number < identical_replays_max &&
                              now < attempt.request_stamped_at + identical_replay_window;
  if (!replay_is_safe) return unclear(attempt, outcome, policy, now, jitter);
  Transition next = back_to_pending(now, /*spends_attempt=*/false);
  next.replay = true;
  return next;
}

}  // namespace

Transition settle(const AttemptFacts& attempt, const Outcome& outcome, const ChunkPolicy& policy, UtcTime now,
                  double jitter) {
  const bool is_replay = attempt.replay_number > 0;
  switch (outcome.kind) {
    case OutcomeKind::accepted:
      return final_state(ChunkState::succeeded, Evidence::confirmed);

    case OutcomeKind::nonce_used:
      // After our own silence the gateway says that it saw the first copy. On a first send nothing of ours
      // can have used the nonce, and the refusal precedes execution: try again with another one.
      if (is_replay) return final_state(ChunkState::succeeded, Evidence::presumed);
      return retry_or(ChunkState::failed, attempt, outcome, policy.retry, now, jitter);

    case OutcomeKind::throttled: {
      // Throttled attempts are given back: the quota was at fault, not the chunk. Otherwise a busy hour would
      // use up all attempts on chunks that the API has never looked at. The run's deadline still bounds the
      // wait.
      const UtcTime due_at = now + outcome.retry_after.value_or(throttle_pause);
      if (is_replay) return final_state(ChunkState::in_doubt);
      if (due_at >= attempt.run_started_at + policy.retry.deadline) return final_state(ChunkState::failed);
      return back_to_pending(due_at, /*spends_attempt=*/false);
    }

    case OutcomeKind::unavailable:
      // This copy was not executed; of an earlier, silent copy that says nothing.
      if (is_replay) return after_silence(attempt, outcome, policy, now, jitter);
      return retry_or(ChunkState::failed, attempt, outcome, policy.retry, now, jitter);

    case OutcomeKind::silent:
      return after_silence(attempt, outcome, policy, now, jitter);

    case OutcomeKind::answered_unclear:
      return unclear(attempt, outcome, policy, now, jitter);

    case OutcomeKind::rejected_devices:
      if (is_replay) return unclear(attempt, outcome, policy, now, jitter);
      return final_state(attempt.devices > 1 ? ChunkState::split : ChunkState::failed);

    case OutcomeKind::rejected_job:
      if (is_replay) return final_state(ChunkState::in_doubt);
      return halted(Halt::run, now);

    case OutcomeKind::blocked:
      if (is_replay) return final_state(ChunkState::in_doubt);
      return halted(Halt::tenant, now);
  }
  return final_state(ChunkState::in_doubt);
}

Transition recover(const AttemptFacts& attempt, const ChunkPolicy& policy, UtcTime now) {
  const Outcome lost{.kind = OutcomeKind::silent};
  return after_silence(attempt, lost, policy, now, /*jitter=*/0);
}

std::optional<ChunkState> cancel(ChunkState state) {
  if (state == ChunkState::pending) return ChunkState::canceled;
  return std::nullopt;
}

}  // namespace sluice
