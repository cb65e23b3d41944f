// SPDX-License-Identifier: MIT
// Conformance suite, part 2: control of runs and tenants, and groups of verbs, for every engine of the Store
// seam.
#include <doctest/doctest.h>

#include "store/store_engines.hpp"
#include "store/store_fixture.hpp"

using namespace sluice;
using namespace sluice::store_tests;

TEST_CASE_TEMPLATE("store: nothing of a paused run, a canceled run or a paused tenant is claimed", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit(*store, {1, 1});

  expect(store->set_run_control({.run = run, .control = RunControl::paused, .reason = "lunch", .now = noon}));
  CHECK(claim(*store, 1).empty());
  CHECK(record_of(*store, run).control_reason == "lunch");
  expect(
      store->set_run_control({.run = run, .control = RunControl::active, .reason = "ignored", .now = noon}));
  CHECK(record_of(*store, run).control_reason.empty());

  expect(store->set_tenant_pause("prod", "unpaid bill", noon));
  CHECK(claim(*store, 1).empty());
  CHECK(record_of(*store, run).tenant_pause_reason == "unpaid bill");
  expect(store->set_tenant_pause("prod", "", noon));
  CHECK(claim(*store, 1).size() == 1);

  expect(store->set_run_control({.run = run, .control = RunControl::canceled, .now = noon}));
  CHECK(claim(*store, 1).empty());
}

TEST_CASE_TEMPLATE("store: a job that was rejected pauses its run with the first reason", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit(*store, {1, 1, 1});
  const RunId other = submit(*store, {1});
  const auto claimed = claim(*store, 2, noon, "prod", {run});
  const Transition stop{
      .state = ChunkState::pending, .due_at = noon, .spends_attempt = false, .halt = Halt::run};
  Settlement first = settlement(claimed[0], OutcomeKind::rejected_job, stop);
  first.outcome.code = "iot.prod.NullProductKey";
  first.outcome.message = "no product key";
  Settlement second = first;
  second.chunk = claimed[1].chunk;
  second.attempt = claimed[1].attempt;
  second.outcome.code = "later";

  expect(store->settle(first));
  expect(store->settle(second));

  const RunRecord record = record_of(*store, run);
  CHECK(record.control == RunControl::paused);
  CHECK(record.control_reason == "iot.prod.NullProductKey: no product key");
  CHECK(record.chunks == StateCounts{.pending = 3});
  CHECK(record_of(*store, other).control == RunControl::active);
  CHECK(claim(*store, 9).size() == 1);
}

TEST_CASE_TEMPLATE("store: a blocked tenant pauses all its runs and no other tenant's", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit(*store, {1, 1});
  const RunId sibling = submit(*store, {1});
  submit(*store, {1}, "test");
  const Transition stop{
      .state = ChunkState::pending, .due_at = noon, .spends_attempt = false, .halt = Halt::tenant};
  expect(store->settle(settlement(claim_one(*store), OutcomeKind::blocked, stop)));

  CHECK(record_of(*store, run).tenant_pause_reason == "Code.blocked: text");
  CHECK(record_of(*store, sibling).tenant_pause_reason == "Code.blocked: text");
  CHECK(record_of(*store, run).control == RunControl::active);
  CHECK(claim(*store, 9).empty());
  CHECK(claim(*store, 9, noon, "test").size() == 1);
}

TEST_CASE_TEMPLATE("store: a run finishes when its last chunk becomes final", Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit(*store, {1, 1});
  CHECK_FALSE(record_of(*store, run).started_at.has_value());
  const auto claimed = claim(*store, 2, noon + 1s);
  CHECK(record_of(*store, run).started_at == noon + 1s);

  expect(store->settle(accepted(claimed[0], noon + 2s)));
  CHECK_FALSE(record_of(*store, run).finished_at.has_value());
  expect(
      store->settle(settlement(claimed[1], OutcomeKind::silent, {.state = ChunkState::in_doubt}, noon + 3s)));

  CHECK(record_of(*store, run).finished_at == noon + 3s);
  CHECK(kind_of(store->set_run_control({.run = run, .control = RunControl::canceled, .now = noon})) ==
        ErrorKind::refused);
}

TEST_CASE_TEMPLATE("store: cancel ends what waits, and what is in flight settles as it comes", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit(*store, {2, 3, 4, 5, 6, 7});
  const auto claimed = claim(*store, 5);
  expect(store->settle(silent(claimed[0])));  // waits for its replay: was sent, is not canceled

  expect(store->set_run_control(
      {.run = run, .control = RunControl::canceled, .reason = "wrong fleet", .now = noon + 5s}));

  CHECK(record_of(*store, run).devices == StateCounts{.in_flight = 18, .in_doubt = 2, .canceled = 7});
  expect(store->settle(accepted(claimed[1])));
  expect(store->settle(retried(claimed[2], noon + 9s)));   // certainly not executed: it is canceled
  expect(store->settle(silent(claimed[3])));               // sent and not answered: in doubt
  expect(store->settle(rejected(claimed[4], noon + 8s)));  // its halves are not sent any more
  const RunRecord record = record_of(*store, run);
  CHECK(record.devices == StateCounts{.accepted = 3, .in_doubt = 7, .canceled = 17});
  CHECK(record.chunks == StateCounts{.accepted = 1, .in_doubt = 2, .canceled = 4, .split = 1});
  CHECK(record.finished_at == noon + 8s);
  CHECK(record.control_reason == "wrong fleet");
  CHECK(kind_of(store->set_run_control({.run = run, .control = RunControl::active, .now = noon})) ==
        ErrorKind::refused);
  CHECK(kind_of(store->set_run_control({.run = run, .control = RunControl::paused, .now = noon})) ==
        ErrorKind::refused);
}

TEST_CASE_TEMPLATE("store: what may have been executed is never called canceled", Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit(*store, {1, 2, 4});
  const auto claimed = claim(*store, 3);
  const Transition again{.state = ChunkState::pending, .due_at = noon + 1s};
  expect(store->settle(settlement(claimed[0], OutcomeKind::answered_unclear, again)));
  expect(store->settle(settlement(claimed[1], OutcomeKind::silent, again)));
  expect(store->settle(settlement(claimed[2], OutcomeKind::unavailable, again)));
  const ClaimedChunk second = claim_one(*store, noon + 1s);
  REQUIRE(second.chunk == claimed[0].chunk);

  expect(store->set_run_control({.run = run, .control = RunControl::canceled, .now = noon}));
  CHECK(record_of(*store, run).devices == StateCounts{.in_flight = 1, .in_doubt = 2, .canceled = 4});

  // The second attempt was certainly not executed; of the first that says nothing.
  expect(store->settle(retried(second, noon + 2s)));
  CHECK(record_of(*store, run).devices == StateCounts{.in_doubt = 3, .canceled = 4});
}

TEST_CASE_TEMPLATE("store: control of a run that does not exist is not_found", Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));

  CHECK(kind_of(store->set_run_control({.run = RunId{7}, .control = RunControl::paused, .now = noon})) ==
        ErrorKind::not_found);
  CHECK(kind_of(store->move_run(RunId{7}, "https://x", 8)) == ErrorKind::not_found);
  CHECK(kind_of(store->for_each_device(RunId{7}, {}, [](const DeviceResult&) { return true; })) ==
        ErrorKind::not_found);
}

TEST_CASE_TEMPLATE("store: a verb that fails inside a group takes nothing with it", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  RunId run;
  {
    const auto store = expect(home.open(noon));
    run = submit(*store, {1, 1});
    const auto claimed = claim(*store, 2);

    expect(store->begin());
    CHECK(store->begin().has_error());
    expect(store->settle(accepted(claimed[0])));
    CHECK(kind_of(store->settle(accepted(claimed[0]))) == ErrorKind::refused);
    expect(store->settle(accepted(claimed[1], noon + 2s)));
    expect(store->commit());
    CHECK(store->commit().has_error());
  }

  const auto store = expect(home.open(noon));
  CHECK(record_of(*store, run).devices == StateCounts{.accepted = 2});
  CHECK(record_of(*store, run).requests == 2);
}

TEST_CASE_TEMPLATE("store: a group that was not committed leaves nothing", Home, SLUICE_STORE_HOMES) {
  const Home home;
  RunId run;
  {
    const auto store = expect(home.open(noon));
    run = submit(*store, {1});
    const ClaimedChunk claimed = claim_one(*store);
    expect(store->begin());
    expect(store->settle(accepted(claimed)));
  }

  const auto store = expect(home.open(noon));
  CHECK(record_of(*store, run).devices == StateCounts{.in_flight = 1});
}
