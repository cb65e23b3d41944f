// SPDX-License-Identifier: MIT
#include "sluice/engine/schedule_control.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "sluice/store/open_store.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

UtcTime at(const std::string& text) { return from_iso_seconds(text).value(); }
const UtcTime morning = at("2026-06-01T08:30:00Z");

template <class T>
T expect(Result<T> result) {
  INFO((result.has_error() ? result.error().message : std::string{}));
  REQUIRE(result.has_value());
  return std::move(result).value();
}

template <class T>
ErrorKind kind_of(const Result<T>& result) {
  REQUIRE(result.has_error());
  return result.error().kind;
}

std::string job(const std::string& schedule) {
  return fmt::format(R"({{"name": "fw", "call": {{"product_key": "p", "identifier": "i"}}{}}})",
                     schedule.empty() ? "" : ", \"schedule\": {" + schedule + "}");
}

struct Bench {
  std::unique_ptr<Store> store =
      expect(open_memory_store(morning, {.boot_id = "bench", .since_boot = [] { return 1ns; }}));

  Result<InstalledSchedule> add(const std::string& schedule, const std::string& name = "nightly") const {
    return add_schedule(
        *store,
        {.name = name, .job_text = job(schedule), .folder = "/jobs", .actor = "wang", .now = morning});
  }

  std::vector<TickRecord> ticks(const std::string& name = "nightly") const {
    const auto schedule = expect(store->schedule_reader().schedule(name));
    return expect(store->schedule_reader().ticks(schedule->id, 100));
  }

  Result<Backfilled> backfill(const std::string& from, const std::string& to, std::int64_t max) const {
    return backfill_schedule(
        *store,
        {.name = "nightly", .from = at(from), .to = at(to), .max = max, .actor = "li", .now = morning + 24h});
  }
};

}  // namespace

TEST_CASE("schedule control: a schedule has the job's name if it is given none, and needs a schedule block") {
  const Bench bench;

  CHECK(expect(bench.add(R"("cron": "@daily")", "")).record.name == "fw");
  CHECK(kind_of(bench.add("")) == ErrorKind::invalid_input);
  CHECK(kind_of(bench.add(R"("cron": "@daily")", " x")) == ErrorKind::invalid_input);
  CHECK(kind_of(bench.add(R"("cron": "@daily")", "a\nb")) == ErrorKind::invalid_input);
  CHECK(kind_of(bench.add(R"("cron": "@daily")", "fw")) == ErrorKind::refused);
  CHECK(expect(bench.add(R"("cron": "@daily", "paused": true)", "p")).record.state == ScheduleState::paused);
}

TEST_CASE(
    "schedule control: an interval is counted from the minute the schedule was added, over revisions too") {
  const Bench bench;
  expect(bench.add(R"("cron": "every 6h")"));

  const auto revised = expect(revise_schedule(*bench.store, "nightly",
                                              {.schedule = {},
                                               .job_text = job(R"("cron": "every 5h")"),
                                               .folder = "",
                                               .actor = "li",
                                               .now = morning + 90min}));

  CHECK(revised.timetable.anchor == morning);
  CHECK(revised.record.revision == 2);
}

TEST_CASE("schedule control: what came due and was not decided before a revision is on record as missed") {
  const Bench bench;
  expect(bench.add(R"("cron": "@hourly")"));

  expect(revise_schedule(*bench.store, "nightly",
                         {.schedule = {},
                          .job_text = job(R"("cron": "*/5 * * * *")"),
                          .folder = "",
                          .actor = "li",
                          .now = morning + 2h}));

  const std::vector<TickRecord> ticks = bench.ticks();
  REQUIRE(ticks.size() == 2);
  CHECK(ticks[1].at == at("2026-06-01T09:00:00Z"));
  CHECK(ticks[0].reason == "missed");
  CHECK(expect(known_schedule(*bench.store, "nightly")).record.decided_to == morning + 2h);
}

TEST_CASE("schedule control: a revision that says nothing new leaves what is due as it is") {
  const Bench bench;
  expect(bench.add(R"("cron": "@hourly")"));

  const auto revised = expect(revise_schedule(*bench.store, "nightly",
                                              {.schedule = {},
                                               .job_text = job(R"("cron": "@hourly")"),
                                               .folder = "/jobs",
                                               .actor = "li",
                                               .now = morning + 2h}));

  CHECK(revised.record.revision == 1);
  CHECK(bench.ticks().empty());
  CHECK(expect(known_schedule(*bench.store, "nightly")).record.decided_to == morning);
}

TEST_CASE("schedule control: how many ticks waited is told when their schedule is retired, and only then") {
  const Bench bench;
  expect(bench.add(R"("cron": "@hourly")"));
  expect(bench.backfill("2026-05-31T00:00:00Z", "2026-05-31T02:00:00Z", 10));
  const auto steer = [&](ScheduleState state) {
    return expect(steer_schedule(*bench.store, "nightly", {.state = state, .actor = "li", .now = morning}));
  };

  CHECK(steer(ScheduleState::paused).retired_ticks == 0);
  CHECK(steer(ScheduleState::retired).retired_ticks == 3);
}

TEST_CASE("schedule control: a pause skips what comes meanwhile, with that reason, and nothing after it") {
  const Bench bench;
  expect(bench.add(R"("cron": "@hourly")"));
  const auto steer = [&](ScheduleState state, UtcTime now) {
    return expect(steer_schedule(*bench.store, "nightly", {.state = state, .actor = "li", .now = now}))
        .is_changed;
  };

  CHECK(steer(ScheduleState::paused, morning));
  CHECK_FALSE(steer(ScheduleState::paused, morning + 1min));
  CHECK(steer(ScheduleState::active, morning + 1h));

  REQUIRE(bench.ticks().size() == 1);
  CHECK(bench.ticks().front().reason == "paused");
  CHECK(steer(ScheduleState::retired, morning + 1h));
  CHECK(kind_of(known_schedule(*bench.store, "nightly")) == ErrorKind::not_found);
}

TEST_CASE("schedule control: a trigger makes a tick of its own, by the overlap") {
  const Bench bench;
  expect(bench.add(R"("cron": "@hourly")"));

  const Triggered first = expect(trigger_schedule(*bench.store, "nightly", "li", morning));
  REQUIRE(first.started.has_value());
  NewRun run{
      .job_name = "n", .tenant = "t", .endpoint = "e", .job_text = "{}", .rate = 1, .created_at = morning};
  run.origin.tick = first.started->tick;
  const RunId id = expect(bench.store->create_run(run));
  REQUIRE(bench.store->add_chunks(id, {{.devices = 1, .names = "d\n"}}).has_value());
  REQUIRE(bench.store->seal_run(id, 0).has_value());

  const Triggered second = expect(trigger_schedule(*bench.store, "nightly", "li", morning + 1s));
  CHECK_FALSE(second.started.has_value());
  CHECK(second.tick.decision.reason == SkipReason::overlap);
  CHECK(bench.ticks().front().actor == "li");
  CHECK(kind_of(trigger_schedule(*bench.store, "nihgtly", "li", morning)) == ErrorKind::not_found);
}

TEST_CASE(
    "schedule control: a backfill queues the ticks of a time that is over, but none that ran, and no flood") {
  const Bench bench;
  expect(bench.add(R"("cron": "@hourly")"));
  const auto schedule = expect(known_schedule(*bench.store, "nightly"));
  // 09:00 was skipped, 10:00 is being made.
  REQUIRE(bench.store->schedule_book()
              .record_ticks({.schedule = schedule.record.id,
                             .decisions = {{.id = {}, .at = at("2026-06-01T09:00:00Z")},
                                           {.id = {},
                                            .at = at("2026-06-01T10:00:00Z"),
                                            .verdict = TickDecision::Verdict::fire}},
                             .decided_to = {},
                             .now = morning})
              .has_value());

  CHECK(kind_of(bench.backfill("2026-06-01T08:00:00Z", "2026-06-01T11:00:00Z", 3)) == ErrorKind::refused);
  CHECK(kind_of(bench.backfill("2026-06-01T08:01:00Z", "2026-06-01T08:59:00Z", 3)) == ErrorKind::refused);
  CHECK(kind_of(bench.backfill("2026-06-02T00:00:00Z", "2026-06-03T08:59:00Z", 99)) == ErrorKind::refused);
  const Backfilled filled = expect(bench.backfill("2026-06-01T08:00:00Z", "2026-06-01T11:00:00Z", 4));

  CHECK(filled.queued == std::vector<UtcTime>{at("2026-06-01T08:00:00Z"), at("2026-06-01T09:00:00Z"),
                                              at("2026-06-01T11:00:00Z")});
  CHECK(filled.already == 1);
  CHECK(expect(bench.store->schedule_reader().waiting_ticks(schedule.record.id)).size() == 3);
}

TEST_CASE("schedule control: the next ticks tell where the clocks are set, and end at `until`") {
  const Bench bench;
  const auto schedule =
      expect(bench.add(R"("cron": "0 12 * * *", "zone": "Europe/Berlin", "until": "2026-10-27T00:00:00Z")"));

  const auto ticks =
      coming_ticks(schedule.schedule, schedule.timetable, "nightly", at("2026-10-23T11:00:00Z"), 10);

  REQUIRE(ticks.size() == 3);
  CHECK(ticks[0].at == at("2026-10-24T10:00:00Z"));
  CHECK_FALSE(ticks[0].clock_change.has_value());
  CHECK(ticks[1].at == at("2026-10-25T11:00:00Z"));
  CHECK(ticks[1].clock_change == ClockChange{at("2026-10-25T01:00:00Z"), 2h, 1h});
  CHECK_FALSE(ticks[2].clock_change.has_value());
}

TEST_CASE(
    "schedule control: warnings tell of a night without that time, of both day fields, and of short "
    "measures") {
  const Bench bench;
  int number = 0;
  const auto warnings = [&](const std::string& schedule) {
    const auto added = expect(bench.add(schedule, "s" + std::to_string(++number)));
    const auto found = schedule_warnings(added.schedule, added.timetable, morning);
    return found.empty() ? std::string{} : found.front();
  };

  CHECK(warnings(R"("cron": "30 2 * * *")").empty());
  CHECK(warnings(R"("cron": "30 2 * * *", "zone": "Europe/Berlin")") ==
        "in Europe/Berlin the clocks go from 02:00 on 2027-03-28 to 03:00: a time in between comes once, at "
        "03:00");
  CHECK(warnings(R"("cron": "0 2 13 * fri")").starts_with("day of the month and weekday"));
  CHECK(warnings(R"("cron": "@daily", "start_deadline": "10s")").starts_with("\"start_deadline\""));
  CHECK(warnings(R"("cron": "*/5 * * * *", "spread": "5m")").starts_with("\"spread\""));
  CHECK(
      warnings(R"("cron": "@daily", "until": "2026-06-01T20:00:00Z")").starts_with("there is no tick left"));
}
