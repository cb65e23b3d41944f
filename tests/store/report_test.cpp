// SPDX-License-Identifier: MIT
// Conformance suite, part 3: what can be asked of the store, beside an owner and without one; and that the
// counters are true after anything that can happen.
#include <doctest/doctest.h>

#include <map>
#include <random>

#include "sluice/core/run_rules.hpp"
#include "store/store_engines.hpp"
#include "store/store_fixture.hpp"

using namespace sluice;
using namespace sluice::store_tests;

TEST_CASE_TEMPLATE("store: a run's record holds what was submitted", Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId first = submit(*store, {100, 20});
  const RunId second = submit(*store, {1});
  expect(store->move_run(second, "https://moved.example", 12));

  const RunRecord record = record_of(*store, first);
  CHECK(record.job_name == "job");
  CHECK(record.tenant == "prod");
  CHECK(record.endpoint == "https://iot.example");
  CHECK(expect(store->job_text(first)) == "{\"name\":\"job\"}");
  CHECK(record.rate == 8);
  CHECK(record.created_at == noon);
  CHECK(record.devices == StateCounts{.pending = 120});
  CHECK(record.chunks == StateCounts{.pending = 2});
  const auto runs = expect(store->runs(10));
  REQUIRE(runs.size() == 2);
  CHECK(runs[0].id == second);
  CHECK(runs[0].endpoint == "https://moved.example");
  CHECK(runs[0].rate == 12);
  CHECK(expect(store->runs(1)).size() == 1);
  CHECK_FALSE(expect(store->run(RunId{99})).has_value());
}

TEST_CASE_TEMPLATE("store: devices are reported by state and evidence, and the visitor can stop", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit(*store, {2, 2, 1});
  const auto claimed = claim(*store, 2);
  expect(store->settle(accepted(claimed[0])));
  expect(store->settle(settlement(claimed[1], OutcomeKind::nonce_used,
                                  {.state = ChunkState::succeeded, .evidence = Evidence::presumed})));

  CHECK(names_of(devices_of(*store, run, {.state = ChunkState::succeeded})) == names(0, 4));
  CHECK(names_of(devices_of(*store, run, {.evidence = Evidence::presumed})) == names(2, 2));
  CHECK(names_of(devices_of(*store, run, {.state = ChunkState::pending})) == names(4, 1));
  const auto all = devices_of(*store, run);
  CHECK(all[0].request_id == "r-1");
  CHECK(all[0].attempts == 1);
  CHECK(all[4].request_id.empty());
  CHECK(all[4].attempts == 0);

  int visits = 0;
  expect(store->for_each_device(run, {}, [&](const DeviceResult&) { return ++visits < 3; }));
  CHECK(visits == 3);
}

TEST_CASE_TEMPLATE("store: what may have been executed is never told as pending, and keeps its answer", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit(*store, {2, 1, 3});
  const auto claimed = claim(*store, 2);
  expect(store->settle(silent(claimed[0])));
  expect(store->settle(retried(claimed[1], noon + 1h)));
  // Its repetition is claimed and, because we stop, not sent.
  Settlement unsent = settlement(claim_one(*store, noon + 2s), OutcomeKind::unavailable,
                                 {.due_at = noon, .spends_attempt = false, .replay = true});
  unsent.sent_at.reset();
  unsent.outcome.code = "stopped";
  expect(store->settle(unsent));

  CHECK(names_of(devices_of(*store, run, {.state = ChunkState::pending})) == names(2, 4));
  const auto told = devices_of(*store, run, {.state = ChunkState::in_flight});
  CHECK(names_of(told) == names(0, 2));
  CHECK(told[0].code == "Code.silent");
  CHECK(expect(store->queue_state(run, noon)).unclear_devices == 2);
  CHECK(record_of(*store, run).devices == StateCounts{.pending = 6});
}

TEST_CASE_TEMPLATE("store: a silence that the server asks for is the account's, and outlives the process",
                   Home, SLUICE_STORE_HOMES) {
  const Home home;
  RunId run;
  {
    const auto store = expect(home.open(noon));
    run = submit(*store, {1, 1});
    for (const auto pause : {900s, 30s}) {
      Settlement throttled = retried(claim_one(*store), noon + 1h);
      throttled.outcome.retry_after = pause;
      expect(store->settle(throttled));
    }
  }

  const auto store = expect(home.open(noon + 1min));
  // Settled a second after noon; the longer of the two wishes counts.
  CHECK(record_of(*store, run).tenant_silent_until == noon + 1s + 900s);
  CHECK(record_of(*store, submit(*store, {1}, "other")).tenant_silent_until == UtcTime{});
}

TEST_CASE_TEMPLATE("store: codes are counted without the accepted ones, most frequent first", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit(*store, {1, 1, 1, 1});
  const RunId other = submit(*store, {1});
  const std::vector<std::string> codes{"Rare", "Often", "Often", "Fine"};
  for (std::size_t i = 0; i < codes.size(); ++i) {
    Settlement result = retried(claim(*store, 1, noon, "prod", {run}).at(0), noon + 1h);
    result.outcome.code = codes[i];
    result.outcome.message = "message " + std::to_string(i);
    if (codes[i] == "Fine") result.outcome.kind = OutcomeKind::accepted;
    expect(store->settle(result));
  }
  expect(store->settle(retried(claim(*store, 1, noon, "prod", {other}).at(0), noon + 1h)));

  const auto counted = expect(store->top_codes(run, 10));

  REQUIRE(counted.size() == 2);
  CHECK(counted[0] == CodeCount{.code = "Often", .attempts = 2, .example = "message 2"});
  CHECK(counted[1] == CodeCount{.code = "Rare", .attempts = 1, .example = "message 0"});
  CHECK(expect(store->top_codes(run, 1)).size() == 1);
}

TEST_CASE_TEMPLATE("store: the newest result is that of the run's newest attempt that has one", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit(*store, {1, 1, 1});
  const RunId other = submit(*store, {1});
  CHECK_FALSE(expect(store->newest_result(run)).has_value());

  const auto claimed = claim(*store, 3, noon, "prod", {run});
  Settlement answered = accepted(claimed[0], noon + 3s);
  answered.outcome.http_status = 200;
  expect(store->settle(answered));
  expect(store->settle(accepted(claim(*store, 1, noon, "prod", {other}).at(0), noon + 9s)));
  CHECK(expect(store->newest_result(run)) ==
        NewestResult{.settled_at = noon + 3s, .is_answer = true, .code = "Code.accepted"});

  expect(store->settle(silent(claimed[1], noon + 20s)));
  CHECK(expect(store->newest_result(run)) ==
        NewestResult{.settled_at = noon + 20s, .is_answer = false, .code = "Code.silent"});
  CHECK(kind_of(store->newest_result(RunId{99})) == ErrorKind::not_found);
}

TEST_CASE_TEMPLATE("store: the send log holds what went to the wire, in order, of the run or of its tenant",
                   Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit(*store, {1, 1, 1});
  const RunId sibling = submit(*store, {1});
  const RunId stranger = submit(*store, {1}, "test");
  const auto claimed = claim(*store, 3, noon, "prod", {run});
  expect(store->settle(accepted(claimed[1], noon + 3s)));
  expect(store->settle(accepted(claimed[0], noon + 5s)));
  Settlement unsent = retried(claimed[2], noon + 9s);
  unsent.sent_at = std::nullopt;
  expect(store->settle(unsent));
  expect(store->settle(accepted(claim(*store, 1, noon, "prod", {sibling}).at(0), noon + 4s)));
  expect(store->settle(accepted(claim(*store, 1, noon, "test").at(0), noon + 4s)));

  CHECK(expect(store->sends_of_run(run)).sent_at == std::vector<UtcTime>{noon + 2900ms, noon + 4900ms});
  // The other tenant's send too: it was made with the same key, so it counts against the same limit.
  CHECK(expect(store->sends_of_account(run)).sent_at ==
        std::vector<UtcTime>{noon + 2900ms, noon + 3900ms, noon + 3900ms, noon + 4900ms});
  CHECK(expect(store->sends_of_account(run)).rate == 8);
  CHECK(expect(store->sends_of_run(stranger)).sent_at.size() == 1);
  CHECK(expect(store->sends_of_account(run)).unknown == 0);
  CHECK(record_of(*store, run).requests == 2);
}

TEST_CASE_TEMPLATE("store: a reader beside the owner sees each commit and takes nothing from it", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit(*store, {2});
  const auto reader = expect(home.open_reader());

  CHECK(reader->has_owner());
  CHECK(record_of(*reader, run).chunks.pending == 1);
  const ClaimedChunk claimed = claim_one(*store);
  CHECK(record_of(*reader, run).chunks.in_flight == 1);
  CHECK(expect(reader->sends_of_run(run)).unknown == 0);
  expect(reader->for_each_device(run, {}, [&](const DeviceResult&) {
    // The owner writes in the middle of a report; the report still shows one moment.
    if (record_of(*store, run).chunks.in_flight == 1) expect(store->settle(accepted(claimed)));
    return true;
  }));
  CHECK(devices_of(*reader, run).at(1).state == ChunkState::succeeded);
}

TEST_CASE_TEMPLATE("store: a reader without an owner sees everything, and counts what was cut off", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  RunId run;
  {
    const auto store = expect(home.open(noon));
    run = submit(*store, {2});
    claim_one(*store);
  }

  const auto reader = expect(home.open_reader());

  CHECK_FALSE(reader->has_owner());
  CHECK(record_of(*reader, run).chunks.in_flight == 1);
  CHECK(expect(reader->sends_of_run(run)).unknown == 1);
  CHECK(expect(reader->sends_of_account(run)).unknown == 1);
  const auto owner = expect(home.open(noon));
  CHECK(reader->has_owner());
}

TEST_CASE_TEMPLATE("store: there is nothing to read before somebody made a store", Home, SLUICE_STORE_HOMES) {
  const Home home;

  CHECK(kind_of(home.open_reader()) == ErrorKind::not_found);
}

namespace {

Transition any_transition(std::mt19937& random, const ClaimedChunk& claimed, UtcTime now) {
  switch (random() % 9) {
    case 0:
    case 1:
      return {.state = ChunkState::succeeded, .evidence = Evidence::confirmed};
    case 2:
      return {.state = ChunkState::succeeded, .evidence = Evidence::presumed};
    case 3:
      return {.state = ChunkState::failed};
    case 4:
      return {.state = ChunkState::in_doubt};
    case 5:
      return {.state = ChunkState::pending, .due_at = now, .spends_attempt = false, .replay = true};
    case 6:
      return {.state = claimed.facts.devices > 1 ? ChunkState::split : ChunkState::failed};
    case 7:
      return {.state = ChunkState::pending,
              .due_at = now,
              .spends_attempt = false,
              .halt = random() % 2 == 0 ? Halt::run : Halt::tenant};
    default:
      return {.state = ChunkState::pending, .due_at = now + std::chrono::seconds{random() % 5}};
  }
}

}  // namespace

TEST_CASE_TEMPLATE("store: counters equal a recount and no device is lost, whatever happens in which order",
                   Home, SLUICE_STORE_HOMES) {
  const unsigned seed = 20260727;
  CAPTURE(seed);
  std::mt19937 random{seed};
  const Home home;
  auto store = expect(home.open(noon));
  const std::vector<RunId> runs{submit(*store, {7, 1, 100, 2, 5, 3}), submit(*store, {10, 10, 1})};
  const std::map<RunId, std::string> lists{{runs[0], names(0, 118)}, {runs[1], names(0, 21)}};
  std::map<ChunkId, ClaimedChunk> in_flight;
  UtcTime now = noon;

  for (int step = 0; step < 600; ++step) {
    CAPTURE(step);
    now += 1s;
    const RunId run = runs[random() % runs.size()];
    const auto what = random() % 40;
    if (what < 12) {
      for (const auto& claimed : claim(*store, static_cast<int>(random() % 4), now))
        in_flight[claimed.chunk] = claimed;
    } else if (what < 34 && !in_flight.empty()) {
      const auto claimed = std::next(in_flight.begin(), static_cast<long>(random() % in_flight.size()));
      const Transition next = any_transition(random, claimed->second, now);
      const OutcomeKind kind =
          next.replay || random() % 3 == 0 ? OutcomeKind::silent : OutcomeKind::unavailable;
      Settlement result = settlement(claimed->second, kind, next, now);
      if (random() % 4 == 0) result.sent_at = std::nullopt;
      expect(store->settle(result));
      in_flight.erase(claimed);
    } else if (what == 34) {
      store.reset();
      store = expect(home.open(now));
      CHECK(expect(store->recover(
                [&](const UnresolvedAttempt& attempt) { return recover(attempt.facts, ChunkPolicy{}, now); },
                now)) == static_cast<std::int64_t>(in_flight.size()));
      in_flight.clear();
    } else if (what == 35) {
      expect(store->set_tenant_pause("prod", "", now));
    } else if (what == 36 && step > 400) {
      // Refused where the run has finished.
      static_cast<void>(
          store
              ->set_run_control({.run = run, .control = RunControl::canceled, .reason = "enough", .now = now})
              .has_error());
    } else if (record_of(*store, run).control != RunControl::canceled) {
      expect(store->set_run_control({.run = run, .control = RunControl::active, .now = now}));
    }

    for (const auto& [id, list] : lists) {
      const RunRecord record = record_of(*store, id);
      check_counters(*store, id);
      CHECK(record.finished_at.has_value() == is_finished(record));
      REQUIRE(names_of(devices_of(*store, id)) == list);
    }
  }
}
