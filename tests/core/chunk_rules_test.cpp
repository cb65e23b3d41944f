// SPDX-License-Identifier: MIT
// The life of a chunk, outcome by outcome. Expected values come from the promise, not from the code: a
// command is never sent twice by sluice itself, and what is not known is called in doubt.
#include "sluice/core/chunk_rules.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <string_view>

#include "sluice/core/backoff.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

const UtcTime now{1'000'000s};

AttemptFacts first_attempt(int devices = 100) {
  return {.number = 1,
          .devices = devices,
          .replay_number = 0,
          .request_stamped_at = now - 1s,
          .run_started_at = now - 1min};
}

AttemptFacts replay(int replay_number) {
  AttemptFacts facts = first_attempt();
  facts.replay_number = replay_number;
  return facts;
}

Outcome outcome(OutcomeKind kind) { return {.kind = kind, .code = "Some.Code", .http_status = 400}; }

const ChunkPolicy cautious{};
const ChunkPolicy repeatable{.safe_to_repeat = true};
const ChunkPolicy presuming{.on_doubt = OnDoubt::presume};
const ChunkPolicy resending{.on_doubt = OnDoubt::resend};
const std::array<ChunkPolicy, 4> policies{cautious, presuming, resending, repeatable};

/// A transition in words: "retry" is a fresh request that spends an attempt, "again" one that does not.
std::string words_for(const Transition& next) {
  std::string words{to_string(next.state)};
  if (next.state == ChunkState::pending) {
    words = next.replay ? "replay" : next.spends_attempt ? "retry" : "again";
  }
  if (next.state == ChunkState::succeeded) words = to_string(next.evidence);
  if (next.is_presumed_by_policy) words += " by policy";
  if (next.held != Held::no) words += ", " + std::string{to_string(next.held)};
  if (next.halt == Halt::run) words += ", run pauses";
  if (next.halt == Halt::tenant) words += ", tenant pauses";
  return words;
}

/// What follows under each policy: hold, presume, resend, safe_to_repeat.
using Expected = std::array<std::string_view, 4>;

constexpr Expected always(std::string_view words) { return {words, words, words, words}; }

/// Doubt, where a fresh attempt is still to be had.
constexpr Expected doubt{"in_doubt", "presumed by policy", "retry", "retry"};
/// Doubt, where it is not.
constexpr Expected last_doubt{"in_doubt", "presumed by policy", "in_doubt", "in_doubt"};
/// The same, with the account paused.
constexpr Expected doubt_and_tenant{"in_doubt, tenant pauses", "presumed by policy, tenant pauses",
                                    "retry, tenant pauses", "retry, tenant pauses"};
constexpr Expected last_doubt_and_tenant{"in_doubt, tenant pauses", "presumed by policy, tenant pauses",
                                         "in_doubt, tenant pauses", "in_doubt, tenant pauses"};

struct Row {
  OutcomeKind kind;
  int http_status;  ///< 0: no answer
  Expected first_send;
  Expected replay;
};

void check(const AttemptFacts& facts, const Row& row, const Expected& expected) {
  for (std::size_t i = 0; i < policies.size(); ++i) {
    CAPTURE(std::string{to_string(row.kind)});
    CAPTURE(row.http_status);
    CAPTURE(facts.replay_number);
    CAPTURE(i);
    Outcome told = outcome(row.kind);
    told.http_status = row.http_status;
    CHECK(words_for(settle(facts, told, policies[i], now, 0.5)) == expected[i]);
  }
}

void check_table(const AttemptFacts& first_send, std::initializer_list<Row> rows) {
  for (const Row& row : rows) {
    check(first_send, row, row.first_send);
    AttemptFacts repeated = first_send;
    repeated.replay_number = 1;
    check(repeated, row, row.replay);
  }
}

}  // namespace

TEST_CASE("chunk: with attempts and time left, each outcome is followed as the table says") {
  constexpr Expected doubt_and_run{"in_doubt, run pauses", "presumed by policy, run pauses",
                                   "retry, run pauses", "retry, run pauses"};
  check_table(first_attempt(),
              {{OutcomeKind::accepted, 200, always("confirmed"), always("confirmed")},
               {OutcomeKind::nonce_used, 400, doubt_and_tenant, always("presumed")},
               {OutcomeKind::throttled, 429, always("again"), doubt},
               {OutcomeKind::unavailable, 503, always("retry"), doubt},
               {OutcomeKind::unavailable, 0, always("again"), always("replay")},
               {OutcomeKind::silent, 0, always("replay"), always("replay")},
               {OutcomeKind::answered_unclear, 500, doubt, doubt},
               {OutcomeKind::answered_unclear, 302, doubt_and_tenant, doubt_and_tenant},
               {OutcomeKind::rejected_devices, 200, always("split"), doubt},
               {OutcomeKind::rejected_job, 200, always("again, run pauses"), doubt_and_run},
               {OutcomeKind::blocked, 403, always("again, tenant pauses"), doubt_and_tenant},
               {OutcomeKind::blocked, 0, always("again, tenant pauses"), always("replay, tenant pauses")}});
}

TEST_CASE("chunk: with its attempts spent, no outcome is followed by a fresh request that would spend one") {
  constexpr Expected doubt_and_run{"in_doubt, run pauses", "presumed by policy, run pauses",
                                   "in_doubt, run pauses", "in_doubt, run pauses"};
  AttemptFacts fifth = first_attempt();
  fifth.number = 5;
  check_table(fifth, {{OutcomeKind::accepted, 200, always("confirmed"), always("confirmed")},
                      {OutcomeKind::nonce_used, 400, last_doubt_and_tenant, always("presumed")},
                      {OutcomeKind::throttled, 429, always("again"), last_doubt},
                      {OutcomeKind::unavailable, 503, always("failed"), last_doubt},
                      {OutcomeKind::unavailable, 0, always("again"), always("replay")},
                      {OutcomeKind::silent, 0, always("replay"), always("replay")},
                      {OutcomeKind::answered_unclear, 500, last_doubt, last_doubt},
                      {OutcomeKind::rejected_devices, 200, always("split"), last_doubt},
                      {OutcomeKind::rejected_job, 200, always("again, run pauses"), doubt_and_run},
                      {OutcomeKind::blocked, 403, always("again, tenant pauses"), last_doubt_and_tenant}});
}

TEST_CASE(
    "chunk: past the deadline what was not executed waits for a resume, and what may have been is doubt") {
  AttemptFacts late = first_attempt();
  late.run_started_at = now - 6h;
  check_table(late, {{OutcomeKind::accepted, 200, always("confirmed"), always("confirmed")},
                     {OutcomeKind::nonce_used, 400, last_doubt_and_tenant, always("presumed")},
                     {OutcomeKind::throttled, 429, always("again, run pauses"), last_doubt},
                     {OutcomeKind::unavailable, 503, always("again, run pauses"), last_doubt},
                     {OutcomeKind::unavailable, 0, always("again, run pauses"), always("replay")},
                     {OutcomeKind::silent, 0, always("replay"), always("replay")},
                     {OutcomeKind::answered_unclear, 500, last_doubt, last_doubt},
                     {OutcomeKind::rejected_devices, 200, always("split"), last_doubt}});
}

TEST_CASE("chunk: once the cloud may have forgotten the nonce, silence is doubt and no replay is owed") {
  AttemptFacts old = first_attempt();
  old.request_stamped_at = now - 10min;
  check_table(old, {{OutcomeKind::silent, 0, doubt, doubt},
                    {OutcomeKind::unavailable, 0, always("again"), doubt},
                    {OutcomeKind::accepted, 200, always("confirmed"), always("confirmed")},
                    {OutcomeKind::nonce_used, 400, doubt_and_tenant, always("presumed")}});

  old.request_stamped_at = now - 10min + 1us;
  check_table(old, {{OutcomeKind::silent, 0, always("replay"), always("replay")}});
}

TEST_CASE("chunk: the second replay is the last one") {
  const Row silent{OutcomeKind::silent, 0, {}, {}};

  check(replay(1), silent, always("replay"));
  check(replay(2), silent, doubt);
}

TEST_CASE("chunk: an earlier attempt that may have been executed turns a last failure into doubt") {
  AttemptFacts fifth = first_attempt(1);
  fifth.number = 5;
  fifth.is_unclear_already = true;

  check(fifth, {OutcomeKind::unavailable, 503, {}, {}}, last_doubt);
  check(fifth, {OutcomeKind::rejected_devices, 200, {}, {}}, last_doubt);
}

TEST_CASE("chunk: a wait that would end at the deadline is not begun") {
  AttemptFacts late = first_attempt();
  Outcome throttled = outcome(OutcomeKind::throttled);
  throttled.retry_after = 3s;

  late.run_started_at = now + 3s - 6h;
  CHECK(words_for(settle(late, throttled, cautious, now, 0)) == "again, run pauses");
  late.run_started_at = now + 3s + 1us - 6h;
  CHECK(words_for(settle(late, throttled, cautious, now, 0)) == "again");
}

TEST_CASE("chunk: a refusal that answers a probe is part of the outage, which fails no chunk") {
  AttemptFacts fifth = first_attempt();
  fifth.number = 5;
  fifth.endpoint_is_lost = true;

  check(fifth, {OutcomeKind::unavailable, 503, {}, {}}, always("again"));
  check(fifth, {OutcomeKind::answered_unclear, 500, {}, {}}, last_doubt);
}

TEST_CASE("chunk: what was in flight when the process died a third time is poison, whatever the job allows") {
  for (const ChunkPolicy& policy : policies) {
    AttemptFacts facts = first_attempt();

    facts.crashes = 2;
    CHECK(words_for(recover(facts, policy, now)) == "replay");
    facts.crashes = 3;
    CHECK(words_for(recover(facts, policy, now)) == "in_doubt, poison");
    facts.crashes = 4;
    CHECK(words_for(recover(facts, policy, now)) == "in_doubt, poison");
  }
}

TEST_CASE("chunk: what a crash left behind too long ago is followed as silence is") {
  AttemptFacts old = first_attempt();
  old.request_stamped_at = now - 10min;
  old.crashes = 1;

  for (std::size_t i = 0; i < policies.size(); ++i) {
    CAPTURE(i);
    CHECK(words_for(recover(old, policies[i], now)) == doubt[i]);
  }
}

TEST_CASE("chunk: a canceled run sends nothing more, presumes nothing, and calls canceled what is certain") {
  const Transition again{.state = ChunkState::pending, .due_at = now};
  const Transition owed{.state = ChunkState::pending, .due_at = now, .replay = true};
  const AttemptFacts facts = first_attempt();
  const Transition by_policy = settle(facts, outcome(OutcomeKind::answered_unclear), presuming, now, 0);
  const Transition by_cloud = settle(replay(1), outcome(OutcomeKind::nonce_used), presuming, now, 0);
  REQUIRE(words_for(by_policy) == "presumed by policy");

  CHECK(words_for(in_canceled_run(again, false)) == "canceled");
  CHECK(words_for(in_canceled_run(again, true)) == "in_doubt");
  CHECK(words_for(in_canceled_run(owed, true)) == "in_doubt");
  CHECK_FALSE(in_canceled_run(owed, true).replay);
  CHECK(words_for(in_canceled_run(by_policy, true)) == "in_doubt");
  CHECK(words_for(in_canceled_run(by_cloud, true)) == "presumed");
  for (const ChunkState state : {ChunkState::failed, ChunkState::in_doubt, ChunkState::split}) {
    CHECK(in_canceled_run({.state = state}, true) == Transition{.state = state});
  }
}

TEST_CASE("chunk: accepted is final and confirmed, on a first send and on a replay alike") {
  for (const AttemptFacts& facts : {first_attempt(), replay(1), replay(2)}) {
    const Transition next = settle(facts, outcome(OutcomeKind::accepted), cautious, now, 0.5);

    CHECK(next.state == ChunkState::succeeded);
    CHECK(next.evidence == Evidence::confirmed);
  }
}

TEST_CASE("chunk: a nonce that our own replay finds used is presumed, never confirmed") {
  const Transition next = settle(replay(1), outcome(OutcomeKind::nonce_used), cautious, now, 0.5);

  CHECK(next.state == ChunkState::succeeded);
  CHECK(next.evidence == Evidence::presumed);
}

TEST_CASE(
    "chunk: a nonce refused on a first send is doubt, and the account pauses: something else repeats "
    "requests") {
  for (const ChunkPolicy& policy : {cautious, repeatable}) {
    const Transition next = settle(first_attempt(), outcome(OutcomeKind::nonce_used), policy, now, 0.5);

    CHECK(next.state == (policy.safe_to_repeat ? ChunkState::pending : ChunkState::in_doubt));
    CHECK(next.halt == Halt::tenant);
    CHECK(next.halt_reason.find("repeats requests") != std::string::npos);
  }
}

TEST_CASE("chunk: a throttled attempt is put back without spending an attempt") {
  Outcome throttled = outcome(OutcomeKind::throttled);
  throttled.retry_after = 3s;

  const Transition next = settle(first_attempt(), throttled, cautious, now, 0);

  CHECK(next.state == ChunkState::pending);
  CHECK(next.due_at == now + 3s);
  CHECK_FALSE(next.spends_attempt);
}

TEST_CASE("chunk: an unavailable service is tried again after a jittered, doubling backoff") {
  AttemptFacts third = first_attempt();
  third.number = 3;

  const Transition next = settle(third, outcome(OutcomeKind::unavailable), cautious, now, 0.5);

  CHECK(next.state == ChunkState::pending);
  CHECK(next.due_at == now + 1s);  // half of 500 ms · 2²
  CHECK(next.spends_attempt);
  CHECK_FALSE(next.replay);
}

TEST_CASE("chunk: the last attempt's refusal fails it") {
  AttemptFacts fifth = first_attempt();
  fifth.number = 5;

  CHECK(settle(fifth, outcome(OutcomeKind::unavailable), cautious, now, 0.5).state == ChunkState::failed);
}

TEST_CASE("chunk: a last refusal after an attempt that may have been executed is doubt, not failure") {
  AttemptFacts fifth = first_attempt();
  fifth.number = 5;
  fifth.is_unclear_already = true;

  CHECK(settle(fifth, outcome(OutcomeKind::unavailable), repeatable, now, 0.5).state == ChunkState::in_doubt);
}

TEST_CASE("chunk: an endpoint that was not reached costs the chunk no attempt") {
  AttemptFacts fifth = first_attempt();
  fifth.number = 5;
  Outcome unreached = outcome(OutcomeKind::unavailable);
  unreached.http_status = 0;

  const Transition next = settle(fifth, unreached, cautious, now, 0.5);

  CHECK(next.state == ChunkState::pending);
  CHECK_FALSE(next.spends_attempt);
}

TEST_CASE("chunk: a backoff longer than the server's hint wins, and the hint over a shorter one") {
  Outcome hinted = outcome(OutcomeKind::unavailable);
  hinted.retry_after = 5s;

  CHECK(settle(first_attempt(), hinted, cautious, now, 0.5).due_at == now + 5s);
}

TEST_CASE("chunk: silence is followed by the identical request, at most twice") {
  const Transition first = settle(first_attempt(), outcome(OutcomeKind::silent), cautious, now, 0.5);
  CHECK(first.state == ChunkState::pending);
  CHECK(first.replay);
  CHECK_FALSE(first.spends_attempt);

  CHECK(settle(replay(1), outcome(OutcomeKind::silent), cautious, now, 0.5).replay);
  CHECK(settle(replay(2), outcome(OutcomeKind::silent), cautious, now, 0.5).state == ChunkState::in_doubt);
}

TEST_CASE(
    "chunk: ten minutes after the first send silence is doubt, because the cloud may have forgotten the "
    "nonce") {
  AttemptFacts old = first_attempt();
  old.request_stamped_at = now - 10min;

  CHECK(settle(old, outcome(OutcomeKind::silent), cautious, now, 0.5).state == ChunkState::in_doubt);
  CHECK(recover(old, cautious, now).state == ChunkState::in_doubt);
}

TEST_CASE("chunk: only a job that is safe to repeat gets a fresh attempt out of doubt") {
  AttemptFacts old = first_attempt();
  old.request_stamped_at = now - 10min;

  const Transition next = settle(old, outcome(OutcomeKind::silent), repeatable, now, 0.5);

  CHECK(next.state == ChunkState::pending);
  CHECK_FALSE(next.replay);
  CHECK(next.spends_attempt);
}

TEST_CASE(
    "chunk: an unclear answer is never replayed, because the nonce is used and the answer would mislead") {
  CHECK(settle(first_attempt(), outcome(OutcomeKind::answered_unclear), cautious, now, 0.5).state ==
        ChunkState::in_doubt);

  const Transition next =
      settle(first_attempt(), outcome(OutcomeKind::answered_unclear), repeatable, now, 0.5);
  CHECK(next.state == ChunkState::pending);
  CHECK_FALSE(next.replay);
}

TEST_CASE("chunk: what a crash left in flight is replayed identically, never sent afresh") {
  const Transition next = recover(first_attempt(), repeatable, now);

  CHECK(next.state == ChunkState::pending);
  CHECK(next.replay);
}

TEST_CASE(
    "chunk: a claimed chunk that was not sent goes back unspent, and a replay that was not sent stays owed") {
  CHECK(release(first_attempt(), cautious, now) ==
        Transition{.state = ChunkState::pending, .due_at = now, .spends_attempt = false});
  CHECK(release(replay(2), cautious, now).replay);
}

TEST_CASE("chunk: a rejected device splits a chunk of many and fails a chunk of one") {
  CHECK(settle(first_attempt(2), outcome(OutcomeKind::rejected_devices), cautious, now, 0).state ==
        ChunkState::split);
  CHECK(settle(first_attempt(1), outcome(OutcomeKind::rejected_devices), cautious, now, 0).state ==
        ChunkState::failed);
}

TEST_CASE(
    "chunk: a rejected job pauses its run and a blocked account its tenant; the chunk goes back unspent") {
  const Transition job = settle(first_attempt(), outcome(OutcomeKind::rejected_job), cautious, now, 0);
  CHECK(job.state == ChunkState::pending);
  CHECK(job.halt == Halt::run);
  CHECK_FALSE(job.spends_attempt);

  const Transition account = settle(first_attempt(), outcome(OutcomeKind::blocked), cautious, now, 0);
  CHECK(account.state == ChunkState::pending);
  CHECK(account.halt == Halt::tenant);
  CHECK_FALSE(account.spends_attempt);
}

TEST_CASE(
    "chunk: a refusal of a replay says nothing of the silent first copy, so it never sends afresh or "
    "splits") {
  for (const OutcomeKind kind :
       {OutcomeKind::throttled, OutcomeKind::answered_unclear, OutcomeKind::rejected_devices,
        OutcomeKind::rejected_job, OutcomeKind::blocked}) {
    CAPTURE(to_string(kind));

    const Transition next = settle(replay(1), outcome(kind), cautious, now, 0.5);

    CHECK((next.state == ChunkState::in_doubt || next.replay));
  }
}

TEST_CASE("chunk: a replay that met a wrong certificate was not sent, so it stays owed") {
  Outcome distrusted = outcome(OutcomeKind::blocked);
  distrusted.http_status = 0;

  const Transition next = settle(replay(1), distrusted, cautious, now, 0.5);

  CHECK(next.replay);
  CHECK(next.halt == Halt::tenant);
}

TEST_CASE("chunk: a refusal that stops the account stops it even when it answers a replay") {
  const Transition next = settle(replay(1), outcome(OutcomeKind::blocked), cautious, now, 0.5);

  CHECK(next.state == ChunkState::in_doubt);
  CHECK(next.halt == Halt::tenant);
}

TEST_CASE("chunk: a redirect stops the account after the first, and its chunk is unclear like any other") {
  for (const int status : {300, 301, 302, 303, 304, 305, 307, 308}) {
    CAPTURE(status);
    Outcome redirect = outcome(OutcomeKind::answered_unclear);
    redirect.http_status = status;

    const Transition first = settle(first_attempt(), redirect, cautious, now, 0.5);
    CHECK(first.state == ChunkState::in_doubt);
    CHECK(first.halt == Halt::tenant);

    CHECK(settle(replay(1), redirect, cautious, now, 0.5).halt == Halt::tenant);
    const Transition again = settle(first_attempt(), redirect, repeatable, now, 0.5);
    CHECK(again.state == ChunkState::pending);
    CHECK_FALSE(again.replay);
    CHECK(again.halt == Halt::tenant);
  }
  CHECK(settle(first_attempt(), outcome(OutcomeKind::answered_unclear), cautious, now, 0.5).halt ==
        Halt::none);
}

TEST_CASE("chunk: past its deadline a run pauses, and nothing that was not executed is called failed") {
  AttemptFacts late = first_attempt();
  late.run_started_at = now - 6h;

  for (const OutcomeKind kind : {OutcomeKind::unavailable, OutcomeKind::throttled}) {
    const Transition next = settle(late, outcome(kind), cautious, now, 0.5);
    CHECK(next.state == ChunkState::pending);
    CHECK(next.halt == Halt::run);
    CHECK_FALSE(next.spends_attempt);
  }
}

TEST_CASE("chunk: a pause at the deadline says so, and with what code the last attempt ended") {
  AttemptFacts late = first_attempt();
  late.run_started_at = now - 6h;
  Outcome last = outcome(OutcomeKind::unavailable);
  last.code = "ServiceUnavailable";
  last.message = "come back later";

  const Transition at_deadline = settle(late, last, cautious, now, 0.5);
  last.kind = OutcomeKind::rejected_job;
  const Transition at_rejection = settle(late, last, cautious, now, 0.5);

  CHECK(at_deadline.halt_reason ==
        "the job's deadline has passed; its last attempt ended with ServiceUnavailable: come back later");
  CHECK(is_deadline_reason(at_deadline.halt_reason));
  CHECK(at_rejection.halt == Halt::run);
  CHECK_FALSE(is_deadline_reason(at_rejection.halt_reason));
}

TEST_CASE("chunk: a cancel takes what is pending and leaves what is on its way") {
  CHECK(cancel(ChunkState::pending, /*is_unclear=*/false) == ChunkState::canceled);
  CHECK(cancel(ChunkState::pending, /*is_unclear=*/true) == ChunkState::in_doubt);
  for (const ChunkState state : {ChunkState::in_flight, ChunkState::succeeded, ChunkState::failed,
                                 ChunkState::in_doubt, ChunkState::split, ChunkState::canceled}) {
    CHECK(cancel(state, false) == std::nullopt);
    CHECK(cancel(state, true) == std::nullopt);
  }
}

TEST_CASE("backoff: between nothing and the doubling ceiling, never above the cap") {
  const RetryPolicy policy{.base = 500ms, .cap = 60s};

  CHECK(backoff_delay(policy, 1, 0.0) == 0ms);
  CHECK(backoff_delay(policy, 1, 0.5) == 250ms);
  CHECK(backoff_delay(policy, 4, 0.5) == 2s);
  CHECK(backoff_delay(policy, 30, 0.5) == 30s);
  CHECK(backoff_delay(policy, 1000, 0.999) < 60s);
}
