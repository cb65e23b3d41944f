// SPDX-License-Identifier: MIT
// Conformance suite, part 1: import, claim, settle and recover, for every engine of the Store seam.
#include <doctest/doctest.h>

#include "store/store_engines.hpp"
#include "store/store_fixture.hpp"

using namespace sluice;
using namespace sluice::store_tests;

TEST_CASE_TEMPLATE("store: a run that is not sealed is neither claimed nor shown", Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = expect(store->create_run({.job_name = "job", .tenant = "prod", .created_at = noon}));
  expect(store->add_chunks(run, {{.devices = 2, .names = "dev-a\ndev-b\n"}}));

  CHECK(claim(*store, 10).empty());
  CHECK_FALSE(expect(store->run(run)).has_value());
  CHECK(expect(store->runs(10)).empty());
  CHECK(kind_of(store->queue_state(run, noon)) == ErrorKind::not_found);

  expect(store->seal_run(run, 3));
  CHECK(claim(*store, 10).size() == 1);
  CHECK(record_of(*store, run).duplicates == 3);
}

TEST_CASE_TEMPLATE("store: a run that was never sealed is gone after the next open", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  RunId run;
  {
    const auto store = expect(home.open(noon));
    run = expect(store->create_run({.job_name = "job", .tenant = "prod", .created_at = noon}));
    expect(store->add_chunks(run, {{.devices = 1, .names = "dev-a\n"}}));
  }

  const auto store = expect(home.open(noon));

  CHECK(kind_of(store->seal_run(run, 0)) == ErrorKind::not_found);
  CHECK(submit(*store, {1}) != run);
}

TEST_CASE_TEMPLATE("store: an import ends by sealing or by dropping, and not twice", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId sealed = submit(*store, {2});
  const RunId dropped = expect(store->create_run({.job_name = "job", .tenant = "prod", .created_at = noon}));
  expect(store->add_chunks(dropped, {{.devices = 1, .names = "dev-a\n"}}));
  expect(store->drop_unsealed(dropped));
  const RunId empty = expect(store->create_run({.job_name = "job", .tenant = "prod", .created_at = noon}));

  CHECK(kind_of(store->seal_run(sealed, 0)) == ErrorKind::refused);
  CHECK(kind_of(store->drop_unsealed(sealed)) == ErrorKind::refused);
  CHECK(kind_of(store->add_chunks(sealed, {{.devices = 1, .names = "dev-z\n"}})) == ErrorKind::refused);
  CHECK(kind_of(store->seal_run(dropped, 0)) == ErrorKind::not_found);
  CHECK(kind_of(store->seal_run(empty, 0)) == ErrorKind::invalid_input);
}

TEST_CASE_TEMPLATE("store: a chunk whose count and names differ is refused with its whole slice", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = expect(store->create_run({.job_name = "job", .tenant = "prod", .created_at = noon}));

  CHECK(store->add_chunks(run, {{.devices = 1, .names = "dev-a\n"}, {.devices = 2, .names = "dev-b\n"}})
            .has_error());
  CHECK(store->add_chunks(run, {{.devices = 1, .names = "dev-a\ndev-b"}}).has_error());
  CHECK(store->add_chunks(run, {{.devices = 0, .names = ""}}).has_error());
  CHECK(store->add_chunks(run, {{.devices = 101, .names = names(0, 101)}}).has_error());

  expect(store->add_chunks(run, {{.devices = 1, .names = "dev-c\n"}}));
  expect(store->seal_run(run, 0));
  CHECK(names_of(devices_of(*store, run)) == "dev-c\n");
}

TEST_CASE_TEMPLATE("store: chunks are claimed in the order of the list", Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  submit(*store, {2, 3, 1});

  const auto first = claim(*store, 2);
  const auto second = claim(*store, 2);

  REQUIRE(first.size() == 2);
  CHECK(first[0].names == names(0, 2));
  CHECK(first[1].names == names(2, 3));
  CHECK(first[1].facts.devices == 3);
  REQUIRE(second.size() == 1);
  CHECK(second[0].names == names(5, 1));
  CHECK(claim(*store, 2).empty());
}

TEST_CASE_TEMPLATE(
    "store: replays are claimed before retries, those before first sends, and earlier due times first", Home,
    SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  submit(*store, {1, 1, 1, 1});
  const auto claimed = claim(*store, 3);
  expect(store->settle(retried(claimed[0], noon + 20s)));
  expect(store->settle(retried(claimed[1], noon + 10s)));
  expect(store->settle(silent(claimed[2], noon + 30s)));

  const auto next = claim(*store, 4, noon + 1min);

  REQUIRE(next.size() == 4);
  CHECK(next[0].names == "dev-2\n");  // the replay, although due last
  CHECK(next[1].names == "dev-1\n");  // due since the run was created
  CHECK(next[2].names == "dev-0\n");
  CHECK(next[3].names == "dev-3\n");
}

TEST_CASE_TEMPLATE("store: a chunk is not claimed before it is due", Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit(*store, {1});
  expect(store->settle(retried(claim_one(*store), noon + 30s)));

  CHECK(claim(*store, 1, noon + 30s - 1us).empty());
  const QueueState waiting = expect(store->queue_state(run, noon + 29s));
  CHECK(waiting.next_due_at == noon + 30s);
  CHECK(waiting.due_now == 0);
  CHECK(expect(store->queue_state(run, noon + 30s)).due_now == 1);
  CHECK(claim(*store, 1, noon + 30s).size() == 1);
  CHECK_FALSE(expect(store->queue_state(run, noon + 30s)).next_due_at.has_value());
}

TEST_CASE_TEMPLATE("store: a claim takes from the tenant's runs that were asked for, and no others", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId first = submit(*store, {1, 1}, "prod", noon - 2s);
  const RunId second = submit(*store, {1}, "prod", noon - 1s);
  const RunId other = submit(*store, {1}, "test", noon - 3s);

  CHECK(claim(*store, 9, noon, "prod", {second}).at(0).run == second);
  CHECK(claim(*store, 9, noon, "prod", {other}).empty());
  CHECK(claim(*store, 0).empty());
  const auto rest = claim(*store, 9);
  REQUIRE(rest.size() == 2);
  CHECK(rest[0].run == first);
  CHECK(rest[1].run == first);
  CHECK(claim(*store, 9, noon, "test").at(0).run == other);
}

TEST_CASE_TEMPLATE("store: the facts of an attempt say which it is and when its run and its request began",
                   Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  submit(*store, {4});

  const ClaimedChunk first = claim_one(*store, noon + 1s);
  CHECK(first.facts.number == 1);
  CHECK(first.facts.devices == 4);
  CHECK(first.facts.replay_number == 0);
  CHECK(first.facts.request_stamped_at == noon + 1s);
  CHECK(first.facts.run_started_at == noon + 1s);
  CHECK_FALSE(first.is_replay);

  expect(store->settle(retried(first, noon + 5s)));
  const ClaimedChunk second = claim_one(*store, noon + 6s);
  CHECK(second.facts.number == 2);
  CHECK(second.facts.request_stamped_at == noon + 6s);
  CHECK(second.facts.run_started_at == noon + 1s);
  CHECK(second.intent.nonce != first.intent.nonce);
}

TEST_CASE_TEMPLATE("store: an attempt that was given back does not count", Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit(*store, {1});
  Settlement throttled = retried(claim_one(*store), noon + 2s);
  throttled.outcome.kind = OutcomeKind::throttled;
  throttled.transition.spends_attempt = false;
  expect(store->settle(throttled));

  CHECK(claim_one(*store, noon + 2s).facts.number == 1);
  CHECK(record_of(*store, run).throttled == 1);
  CHECK(record_of(*store, run).requests == 1);
}

TEST_CASE_TEMPLATE("store: a replay repeats the first request's intent under rising replay numbers", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  submit(*store, {1});
  const ClaimedChunk first = claim_one(*store, noon + 1s);
  expect(store->settle(silent(first, noon + 2s)));
  const ClaimedChunk second = claim_one(*store, noon + 3s);
  expect(store->settle(silent(second, noon + 4s)));
  const ClaimedChunk third = claim_one(*store, noon + 5s);

  CHECK(second.is_replay);
  CHECK(second.intent == first.intent);
  CHECK(second.attempt != first.attempt);
  CHECK(second.facts.number == 1);
  CHECK(second.facts.replay_number == 1);
  CHECK(second.facts.request_stamped_at == noon + 1s);
  CHECK(third.intent == first.intent);
  CHECK(third.facts.replay_number == 2);
  CHECK(third.facts.request_stamped_at == noon + 1s);

  expect(store->settle(retried(third, noon + 6s)));
  const ClaimedChunk fresh = claim_one(*store, noon + 6s);
  CHECK_FALSE(fresh.is_replay);
  CHECK(fresh.intent.nonce != first.intent.nonce);
  CHECK(fresh.facts.replay_number == 0);
}

TEST_CASE_TEMPLATE("store: a nonce that was used before spoils the whole claim", Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit(*store, {1, 1});
  const auto same = [](const ClaimedChunk&) {
    return AttemptIntent{.nonce = "same", .timestamp = "t", .key_id = "k", .digest = "d"};
  };

  CHECK(store->claim({.tenant = "prod", .limit = 2, .now = noon, .make_intent = same}).has_error());

  CHECK(record_of(*store, run).chunks.pending == 2);
  CHECK(claim(*store, 2).size() == 2);
}

TEST_CASE_TEMPLATE("store: only the attempt that is in flight can be settled, and once", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit(*store, {1});
  const ClaimedChunk first = claim_one(*store);
  expect(store->settle(retried(first, noon)));
  CHECK(kind_of(store->settle(accepted(first))) == ErrorKind::refused);
  const ClaimedChunk second = claim_one(*store);
  CHECK(kind_of(store->settle(accepted(first))) == ErrorKind::refused);

  expect(store->settle(accepted(second)));
  CHECK(kind_of(store->settle(accepted(second))) == ErrorKind::refused);

  const RunRecord record = record_of(*store, run);
  CHECK(record.requests == 2);
  CHECK(record.chunks == StateCounts{.accepted = 1});
}

TEST_CASE_TEMPLATE("store: an earlier owner's attempt can be recovered but not settled", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  ClaimedChunk left;
  {
    const auto before = expect(home.open(noon));
    submit(*before, {1});
    left = claim_one(*before);
  }

  const auto store = expect(home.open(noon));
  CHECK(kind_of(store->settle(accepted(left))) == ErrorKind::refused);
  CHECK(claim(*store, 1).empty());
  CHECK(expect(store->recover(
            [](const UnresolvedAttempt&) { return Transition{.state = ChunkState::in_doubt}; }, noon)) == 1);
  CHECK(expect(store->recover(
            [](const UnresolvedAttempt&) { return Transition{.state = ChunkState::in_doubt}; }, noon)) == 0);
}

TEST_CASE_TEMPLATE("store: recovery hands the facts to the rule and replays the request of the dead process",
                   Home, SLUICE_STORE_HOMES) {
  const Home home;
  ClaimedChunk left;
  RunId run;
  {
    const auto before = expect(home.open(noon));
    run = submit(*before, {3, 1});
    left = claim_one(*before, noon + 1s);
  }
  const auto store = expect(home.open(noon + 1min));
  std::vector<UnresolvedAttempt> seen;

  const auto count = expect(store->recover(
      [&](const UnresolvedAttempt& attempt) {
        seen.push_back(attempt);
        return recover(attempt.facts, ChunkPolicy{}, noon + 1min);
      },
      noon + 1min));

  CHECK(count == 1);
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].chunk == left.chunk);
  CHECK(seen[0].run == run);
  CHECK(seen[0].attempt == left.attempt);
  CHECK(seen[0].facts.number == 1);
  CHECK(seen[0].facts.devices == 3);
  CHECK(seen[0].facts.request_stamped_at == noon + 1s);
  CHECK(seen[0].facts.run_started_at == noon + 1s);
  const ClaimedChunk replay = claim_one(*store, noon + 1min);
  CHECK(replay.is_replay);
  CHECK(replay.intent == left.intent);
  CHECK(expect(store->sends_of_run(run)).unknown == 1);
  CHECK(record_of(*store, run).requests == 0);
  CHECK(devices_of(*store, run).front().code == "process_lost");
}

TEST_CASE_TEMPLATE("store: the halves of a split partition the parent's devices in their order", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit(*store, {2, 5, 2});
  const auto claimed = claim(*store, 3);
  expect(store->settle(rejected(claimed[1])));

  CHECK(names_of(devices_of(*store, run)) == names(0, 9));
  const auto halves = claim(*store, 9, noon + 1s);
  REQUIRE(halves.size() == 2);
  CHECK(halves[0].names == names(2, 3));
  CHECK(halves[1].names == names(5, 2));
  CHECK(halves[0].facts.number == 1);
  CHECK(halves[0].facts.devices == 3);

  expect(store->settle(rejected(halves[0], noon + 2s)));
  CHECK(names_of(devices_of(*store, run)) == names(0, 9));
  const auto quarters = claim(*store, 9, noon + 2s);
  REQUIRE(quarters.size() == 2);
  CHECK(quarters[0].names == names(2, 2));
  CHECK(quarters[1].names == names(4, 1));
  expect(store->settle(rejected(quarters[1], noon + 3s)));

  const auto devices = devices_of(*store, run);
  CHECK(devices[4].name == "dev-4");
  CHECK(devices[4].state == ChunkState::failed);
  CHECK(devices[4].attempts == 3);  // the whole chunk, the half, the one device
  CHECK(devices[5].attempts == 1);
  CHECK(devices[0].attempts == 0);  // in flight: nothing is known to have gone out
  CHECK(record_of(*store, run).chunks == StateCounts{.in_flight = 4, .failed = 1, .split = 2});
  CHECK(record_of(*store, run).devices == StateCounts{.in_flight = 8, .failed = 1});
}

TEST_CASE_TEMPLATE("store: a single device cannot be split", Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  submit(*store, {1});
  const ClaimedChunk claimed = claim_one(*store);

  CHECK(store->settle(settlement(claimed, OutcomeKind::rejected_devices, {.state = ChunkState::split}))
            .has_error());

  expect(store->settle(accepted(claimed)));
}
