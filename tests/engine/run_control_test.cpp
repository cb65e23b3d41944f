// SPDX-License-Identifier: MIT
// What an operator's word leaves on record.
#include "sluice/engine/run_control.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <vector>

#include "sluice/core/run_rules.hpp"
#include "sluice/store/audit_log.hpp"
#include "sluice/store/open_store.hpp"
#include "store/store_fixture.hpp"

using namespace sluice;
using namespace sluice::store_tests;

namespace {

struct Scene {
  Result<ControlDone> say(ControlVerb verb, RunId of) {
    return control_run(*store, {.verb = verb, .run = of, .actor = "uid 7", .words = "lunch", .now = noon});
  }

  std::unique_ptr<Store> store = expect(open_memory_store(noon));
};

}  // namespace

TEST_CASE("run control: a pause is recorded once, with who and why, and a resume forgets it") {
  Scene scene;
  const RunId run = submit(*scene.store, {100, 50});

  const ControlDone paused = expect(scene.say(ControlVerb::pause, run));
  CHECK(paused.is_changed);
  CHECK(status_of(paused.run) == RunStatus::paused);
  CHECK(paused.run.control_reason == "by uid 7: lunch");
  CHECK_FALSE(expect(scene.say(ControlVerb::pause, run)).is_changed);
  CHECK(claim(*scene.store, 1).empty());

  const ControlDone resumed = expect(scene.say(ControlVerb::resume, run));
  CHECK(resumed.is_changed);
  CHECK(resumed.run.control_reason.empty());
  CHECK_FALSE(expect(scene.say(ControlVerb::resume, run)).is_changed);
  CHECK(claim(*scene.store, 1).size() == 1);
}

TEST_CASE("run control: a cancel leaves what is in flight its answer, ends the rest, and beats every word") {
  Scene scene;
  const RunId run = submit(*scene.store, {100, 50});
  const auto sent = claim(*scene.store, 1);
  REQUIRE(sent.size() == 1);

  const ControlDone canceled = expect(scene.say(ControlVerb::cancel, run));
  CHECK(canceled.is_changed);
  CHECK(canceled.run.devices.in_flight == 100);
  CHECK(canceled.run.devices.canceled == 50);

  CHECK(kind_of(scene.say(ControlVerb::resume, run)) == ErrorKind::refused);
  CHECK(kind_of(scene.say(ControlVerb::pause, run)) == ErrorKind::refused);
  CHECK_FALSE(expect(scene.say(ControlVerb::cancel, run)).is_changed);
  CHECK(may_resume(canceled.run).has_error());
}

TEST_CASE("run control: a resume lifts the pause of the tenant as well") {
  Scene scene;
  const RunId run = submit(*scene.store, {1});
  expect(scene.store->set_tenant_pause("prod", "unpaid bill", noon));

  const ControlDone resumed = expect(scene.say(ControlVerb::resume, run));

  CHECK(resumed.is_changed);
  CHECK(resumed.run.tenant_pause_reason.empty());
  CHECK(claim(*scene.store, 1).size() == 1);
  std::vector<AuditEntry> audit;
  expect(scene.store->audit_reader().for_each_audit_row(0, [&](const AuditRow& row) {
    audit.push_back(row.entry);
    return true;
  }));
  REQUIRE_FALSE(audit.empty());
  CHECK(audit.back().action == "tenant_resumed");
  CHECK(audit.back().target == "tenant prod");
  CHECK(audit.back().before == "unpaid bill");
  CHECK_FALSE(audit.back().actor.empty());
}

TEST_CASE("run control: stop pauses what is unfinished, oldest first, and leaves the rest alone") {
  Scene scene;
  const RunId first = submit(*scene.store, {1});
  const RunId canceled = submit(*scene.store, {1});
  const RunId last = submit(*scene.store, {1});
  expect(scene.say(ControlVerb::cancel, canceled));
  expect(scene.say(ControlVerb::pause, first));

  const auto paused =
      expect(pause_all_runs(*scene.store, {.run = {}, .actor = "uid 7", .words = {}, .now = noon}));

  REQUIRE(paused.size() == 2);
  CHECK(paused[0].run.id == first);
  CHECK_FALSE(paused[0].is_changed);
  CHECK(paused[1].run.id == last);
  CHECK(paused[1].is_changed);
  CHECK(paused[1].run.control_reason == "by uid 7");
}

TEST_CASE("run control: a run that is not there is not found") {
  Scene scene;
  CHECK(kind_of(scene.say(ControlVerb::pause, RunId{9})) == ErrorKind::not_found);
}
