// SPDX-License-Identifier: MIT
// Conformance suite: schedules and their ticks, for every engine of the Store seam.
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "sluice/store/audit_log.hpp"
#include "sluice/store/pages.hpp"
#include "sluice/store/schedule_book.hpp"
#include "store/store_engines.hpp"
#include "store/store_fixture.hpp"

using namespace sluice;
using namespace sluice::store_tests;

namespace {

using Verdict = TickDecision::Verdict;

ScheduleId add(Store& store, const std::string& name = "nightly") {
  return expect(store.schedule_book().add_schedule(
      {.name = name, .job_text = "{}", .folder = "/jobs", .actor = "wang", .now = noon}));
}

std::vector<RecordedTick> record(Store& store, ScheduleId schedule, std::vector<TickDecision> decisions,
                                 TickKind kind = TickKind::scheduled) {
  return expect(store.schedule_book().record_ticks({.schedule = schedule,
                                                    .revision = 1,
                                                    .kind = kind,
                                                    .decisions = std::move(decisions),
                                                    .decided_to = {},
                                                    .now = noon}));
}

TickDecision fire_at(UtcTime at) { return {.id = {}, .at = at, .verdict = Verdict::fire}; }

/// An unsealed run for the tick.
RunId make_run(Store& store, TickId tick) {
  const RunId run = expect(store.create_run({.job_name = "job",
                                             .tenant = "prod",
                                             .endpoint = "https://iot.example",
                                             .job_text = "{}",
                                             .rate = 8,
                                             .created_at = noon,
                                             .origin = {.tick = tick, .job_file = {}, .job_revision = 0}}));
  expect(store.add_chunks(run, {{.devices = 1, .names = names(0, 1)}}));
  return run;
}

std::vector<TickRecord> ticks_of(Store& store, ScheduleId schedule) {
  return expect(store.schedule_reader().ticks(schedule, 100));
}

}  // namespace

TEST_CASE_TEMPLATE("schedules: one is found by its name as it was added, and its name is taken", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const ScheduleId id = add(*store);

  const auto found = expect(store->schedule_reader().schedule("nightly"));
  CHECK(found == ScheduleRecord{.id = id,
                                .name = "nightly",
                                .state = ScheduleState::active,
                                .revision = 1,
                                .job_file = "",
                                .job_text = "{}",
                                .folder = "/jobs",
                                .actor = "wang",
                                .added_at = noon,
                                .revised_at = noon,
                                .decided_to = noon});
  CHECK(kind_of(store->schedule_book().add_schedule(
            {.name = "nightly", .job_text = "{}", .folder = "", .actor = "li", .now = noon})) ==
        ErrorKind::refused);
  CHECK_FALSE(expect(store->schedule_reader().schedule("nightl")).has_value());
}

TEST_CASE_TEMPLATE("schedules: a revision counts if it says something new, and keeps when it was added", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const ScheduleId id = add(*store);
  ScheduleBook& book = store->schedule_book();

  CHECK(expect(book.revise_schedule({id, "{}", "/jobs", "li", noon + 1h})) == 1);
  CHECK(expect(book.revise_schedule({id, "{ }", "/jobs", "li", noon + 2h})) == 2);

  const auto found = expect(store->schedule_reader().schedule("nightly"));
  CHECK(found->job_text == "{ }");
  CHECK(found->actor == "li");
  CHECK(found->added_at == noon);
  CHECK(found->revised_at == noon + 2h);
}

TEST_CASE_TEMPLATE("schedules: a retired one stays on record, but its name is free and nothing of it waits",
                   Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const ScheduleId id = add(*store);
  ScheduleBook& book = store->schedule_book();
  record(*store, id, {{.id = {}, .at = noon, .verdict = Verdict::queue}});

  CHECK(expect(book.set_schedule_state({id, ScheduleState::paused, "li", "night of the move", noon})));
  CHECK_FALSE(expect(book.set_schedule_state({id, ScheduleState::paused, "li", "", noon})));
  CHECK(expect(book.set_schedule_state({id, ScheduleState::retired, "li", "", noon})));

  CHECK(kind_of(book.set_schedule_state({id, ScheduleState::active, "li", "", noon})) ==
        ErrorKind::not_found);
  CHECK(kind_of(book.revise_schedule({id, "{ }", "", "li", noon})) == ErrorKind::not_found);
  CHECK(expect(store->schedule_reader().schedules()).empty());
  CHECK(expect(store->schedule_reader().waiting_ticks(id)).empty());
  CHECK(ticks_of(*store, id).front().reason == "retired");
  CHECK(add(*store) != id);
}

TEST_CASE_TEMPLATE("schedules: one that moves to another file stays what it was", Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  ScheduleBook& book = store->schedule_book();
  const ScheduleId id = expect(book.add_schedule({.name = "nightly",
                                                  .job_text = "{}",
                                                  .folder = "/jobs",
                                                  .job_file = "a.json",
                                                  .actor = "jobs folder",
                                                  .now = noon}));
  ScheduleRecord moved = *expect(store->schedule_reader().schedule("nightly"));
  moved.job_file = "b.json";

  expect(book.move_schedule({id, "b.json", "jobs folder", noon + 1h}));

  CHECK(expect(store->schedule_reader().schedule("nightly")) == moved);
  const auto events = expect(store->pages().events_page({.what = "schedule_moved"}));
  REQUIRE(events.rows.size() == 1);
  CHECK(events.rows.front().reason == "a.json to b.json");
  expect(book.set_schedule_state({id, ScheduleState::retired, "li", "", noon}));
  CHECK(kind_of(book.move_schedule({id, "c.json", "jobs folder", noon})) == ErrorKind::not_found);
}

TEST_CASE_TEMPLATE("schedules: a tick fires with the seal of its run, in one", Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const ScheduleId id = add(*store);
  const TickId tick = record(*store, id, {fire_at(noon)}).front().id;
  const RunId run = make_run(*store, tick);
  CHECK(ticks_of(*store, id).front().state == TickState::started);
  CHECK(expect(store->schedule_reader().unfinished_runs(id)).empty());

  expect(store->seal_run(run, 0));

  CHECK(ticks_of(*store, id).front().state == TickState::fired);
  CHECK(ticks_of(*store, id).front().run == run);
  CHECK(expect(store->schedule_reader().unfinished_runs(id)) == std::vector<RunId>{run});
}

TEST_CASE_TEMPLATE("schedules: no tick comes to two runs", Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const ScheduleId id = add(*store);
  const TickId tick = record(*store, id, {fire_at(noon)}).front().id;
  const RunId first = make_run(*store, tick);
  const RunId second = make_run(*store, tick);
  expect(store->seal_run(first, 0));

  CHECK(store->seal_run(second, 0).has_error());

  CHECK(ticks_of(*store, id).front().run == first);
  CHECK(record(*store, id, {fire_at(noon)}).empty());
  CHECK(ticks_of(*store, id).size() == 1);
}

TEST_CASE_TEMPLATE("schedules: a run that is over is none of the unfinished ones", Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const ScheduleId id = add(*store);
  const ScheduleId other = add(*store, "weekly");
  const RunId run = make_run(*store, record(*store, id, {fire_at(noon)}).front().id);
  expect(store->seal_run(run, 0));
  CHECK(expect(store->schedule_reader().unfinished_runs(other)).empty());

  expect(store->settle(accepted(claim_one(*store))));

  CHECK(expect(store->schedule_reader().unfinished_runs(id)).empty());
}

TEST_CASE_TEMPLATE("schedules: a skipped tick is a row with its reason, and may run after all when asked for",
                   Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const ScheduleId id = add(*store);
  const TickDecision skipped{
      .id = {}, .at = noon, .verdict = Verdict::skip, .reason = SkipReason::overlap, .ticks = 3};
  record(*store, id, {skipped});
  CHECK(ticks_of(*store, id).front().reason == "overlap");
  CHECK(ticks_of(*store, id).front().ticks == 3);

  CHECK(record(*store, id, {skipped}).empty());
  const auto queued =
      record(*store, id, {{.id = {}, .at = noon, .verdict = Verdict::queue}}, TickKind::backfill);

  REQUIRE(queued.size() == 1);
  CHECK(ticks_of(*store, id).size() == 1);
  CHECK(ticks_of(*store, id).front().kind == TickKind::backfill);
  CHECK(expect(store->schedule_reader().ticks_between(id, noon, noon)).size() == 1);
  CHECK(expect(store->schedule_reader().ticks_between(id, noon + 1us, noon + 1h)).empty());
}

TEST_CASE_TEMPLATE("schedules: triggers at one instant are ticks of their own", Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const ScheduleId id = add(*store);
  record(*store, id, {fire_at(noon)});

  CHECK(record(*store, id, {fire_at(noon)}, TickKind::triggered).size() == 1);
  CHECK(record(*store, id, {fire_at(noon)}, TickKind::triggered).size() == 1);

  CHECK(ticks_of(*store, id).size() == 3);
}

TEST_CASE_TEMPLATE("schedules: a tick whose process died waits again, as cut off, and is started once", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const ScheduleId id = add(*store);
  const TickId tick = record(*store, id, {fire_at(noon)}).front().id;

  CHECK(expect(store->schedule_book().requeue_started_ticks(noon)) == 1);

  CHECK(expect(store->schedule_reader().waiting_ticks(id)) ==
        std::vector<WaitingTick>{{.id = tick, .at = noon, .kind = TickKind::scheduled, .was_cut_off = true}});
  const TickDecision again{.id = tick, .at = noon, .verdict = Verdict::fire};
  CHECK(record(*store, id, {again}).size() == 1);
  CHECK(record(*store, id, {again}).empty());
  CHECK(ticks_of(*store, id).front().reason.empty());
}

TEST_CASE_TEMPLATE("schedules: a tick that could not be submitted says why, once", Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const ScheduleId id = add(*store);
  const TickId tick = record(*store, id, {fire_at(noon)}).front().id;

  expect(store->schedule_book().fail_tick(tick, "fleet.txt: not found", noon + 1s));

  CHECK(ticks_of(*store, id).front().state == TickState::failed);
  CHECK(ticks_of(*store, id).front().reason == "fleet.txt: not found");
  CHECK(kind_of(store->schedule_book().fail_tick(tick, "again", noon)) == ErrorKind::refused);
}

TEST_CASE_TEMPLATE("schedules: each order is on the audit with what was before and after it", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  ScheduleBook& book = store->schedule_book();
  const ScheduleId id = add(*store);
  const auto order = [&](ScheduleState state, const std::string& reason = "") {
    return expect(book.set_schedule_state(
        {.schedule = id, .state = state, .actor = "li", .reason = reason, .now = noon + 1s}));
  };
  const auto ask_for = [&](TickKind kind, std::vector<TickDecision> decisions, const std::string& actor) {
    expect(book.record_ticks({.schedule = id,
                              .revision = 2,
                              .kind = kind,
                              .decisions = std::move(decisions),
                              .decided_to = {},
                              .actor = actor,
                              .now = noon + 1s}));
  };
  const auto queued = [](UtcTime at) { return TickDecision{.id = {}, .at = at, .verdict = Verdict::queue}; };

  const ScheduleRevision revision{
      .schedule = id, .job_text = "{ }", .folder = "/jobs", .actor = "li", .now = noon + 1s};
  expect(book.revise_schedule(revision));
  expect(book.revise_schedule(revision));  // says nothing new
  order(ScheduleState::paused, "holidays");
  CHECK_FALSE(order(ScheduleState::paused));
  order(ScheduleState::active);
  ask_for(TickKind::triggered, {fire_at(noon)}, "li");
  ask_for(TickKind::backfill, {queued(noon - 48h), queued(noon - 24h)}, "li");
  ask_for(TickKind::scheduled, {fire_at(noon + 60s)}, "");  // nobody's order
  order(ScheduleState::retired);

  std::vector<std::string> rows;
  expect(store->audit_reader().for_each_audit_row(0, [&](const AuditRow& row) {
    const AuditEntry& entry = row.entry;
    CHECK(entry.origin == "cli");
    CHECK(entry.target == "schedule nightly");
    rows.push_back(entry.actor + " " + entry.action + ": " + entry.before + " > " + entry.after +
                   (entry.reason.empty() ? "" : ", since " + entry.reason));
    return true;
  }));
  // noon is 2027-01-15T08:00:00Z.
  CHECK(rows == std::vector<std::string>{
                    "wang schedule_added:  > active, revision 1",
                    "li schedule_revised: revision 1 > revision 2",
                    "li schedule_paused: active > paused, since holidays",
                    "li schedule_resumed: paused > active",
                    "li schedule_triggered:  > tick 2027-01-15T08:00:00Z started",
                    "li schedule_backfilled:  > 2 ticks queued, 2027-01-13T08:00:00Z to 2027-01-14T08:00:00Z",
                    "li schedule_retired: active > retired",
                });
}

TEST_CASE("schedules: the words of the record are read back") {
  for (const auto state : {ScheduleState::active, ScheduleState::paused, ScheduleState::retired})
    CHECK(schedule_state_from(to_string(state)) == state);
  for (const auto state :
       {TickState::queued, TickState::started, TickState::fired, TickState::skipped, TickState::failed})
    CHECK(tick_state_from(to_string(state)) == state);
  CHECK_FALSE(tick_state_from("firing"));
}
