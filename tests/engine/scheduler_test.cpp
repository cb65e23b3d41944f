// SPDX-License-Identifier: MIT
// The scheduler on virtual time, over the real store in memory. A process is a loop of its own: when that
// goes away, everything that was under way in it has died as by `kill -9`.
#include "sluice/engine/scheduler.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "clock/virtual_clock.hpp"
#include "sluice/store/open_store.hpp"
#include "sluice/store/store.hpp"

using namespace sluice;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

UtcTime at(const std::string& text) { return from_iso_seconds(text).value(); }

template <class T>
T expect(Result<T> result) {
  INFO((result.has_error() ? result.error().message : std::string{}));
  REQUIRE(result.has_value());
  return std::move(result).value();
}

std::string job_text(const std::string& name, const std::string& schedule) {
  return fmt::format(
      R"({{"name": "{}", "call": {{"product_key": "p", "identifier": "i"}}, "schedule": {{{}}}}})", name,
      schedule);
}

/// A store that outlives the processes that use it.
class Site {
 public:
  explicit Site(const std::string& start) : now_(at(start)) {
    store = expect(open_memory_store(now_, {.boot_id = "bench", .since_boot = [] { return 1ns; }}));
  }

  void add(const std::string& name, const std::string& schedule) {
    expect(add_schedule(
        *store,
        {.name = name, .job_text = job_text(name, schedule), .folder = "", .actor = "wang", .now = now_}));
  }

  /// A scheduler runs until that time and dies then.
  void serve_until(const std::string& end, bool dies = true) { serve(at(end), {}, dies); }

  /// The same; halfway through, the wall clock is set.
  void serve_with_clock_set(const std::string& when, const std::string& to, const std::string& end) {
    serve(at(end), std::pair{at(when), at(to)}, true);
  }

  /// Nobody is there until then.
  void nobody_until(const std::string& end) { now_ = at(end); }

  /// "12:00 fired" with the date before if it is another day's than the first's, the oldest first.
  std::vector<std::string> told(const std::string& name) {
    std::vector<std::string> lines;
    const auto schedule = expect(store->schedule_reader().schedule(name));
    std::vector<TickRecord> ticks = expect(store->schedule_reader().ticks(schedule->id, 100'000));
    std::ranges::sort(ticks, {}, &TickRecord::at);
    for (const TickRecord& tick : ticks) {
      std::string line = to_iso_seconds(tick.at).substr(5, 11) + " " + std::string(to_string(tick.state));
      if (!tick.reason.empty()) line += " " + tick.reason;
      lines.push_back(line);
    }
    return lines;
  }

  std::vector<UtcTime> fired(const std::string& name) {
    const auto schedule = expect(store->schedule_reader().schedule(name));
    std::vector<UtcTime> times;
    for (const TickRecord& tick : expect(store->schedule_reader().ticks(schedule->id, 100'000)))
      if (tick.state == TickState::fired) times.push_back(tick.at);
    std::ranges::sort(times);
    return times;
  }

  std::unique_ptr<Store> store;
  std::vector<std::string> submitted;  ///< "name at", as runs were begun
  std::vector<RunId> canceled;
  std::optional<Error> refuses;       ///< what every submission ends with
  bool hangs = false;                 ///< submissions come to no end
  std::chrono::minutes run_takes{0};  ///< until the run of a tick is over

 private:
  void serve(UtcTime end, std::optional<std::pair<UtcTime, UtcTime>> clock_set, bool dies) {
    asio::io_context loop;
    VirtualClock clock{loop, SteadyTime{1h}, now_};
    AsyncStore async_store{*store, loop.get_executor(), loop.get_executor()};
    Scheduler scheduler{loop.get_executor(), async_store, clock, hooks(clock, async_store)};
    std::optional<Result<void>> done;
    asio::co_spawn(loop, scheduler.run(),
                   [&done](std::exception_ptr, Result<void> result) { done = std::move(result); });
    if (clock_set) {
      clock.run_until(clock.steady_now() + (clock_set->first - now_));
      clock.set_wall_clock(clock_set->second);
      now_ = clock_set->second;
    }
    clock.run_until(clock.steady_now() + (end - clock.utc_now()));
    now_ = clock.utc_now();
    if (dies) return;
    scheduler.stop();
    clock.run_until(clock.steady_now() + 1s);
    REQUIRE(done.has_value());
    CHECK(done->has_value());
  }

  SchedulerHooks hooks(Clock& clock, AsyncStore& async_store) {
    return {
        .submit = [this, &clock, &async_store](StartedTick tick) { return submit(clock, async_store, tick); },
        .cancel = [this](RunId run, std::string) -> asio::awaitable<Result<void>> {
          canceled.push_back(run);
          co_return Result<void>{};
        },
        .decided = {},
        .fired = {},
        .failed = {},
        .unreadable = {}};
  }

  asio::awaitable<Result<RunId>> submit(Clock& clock, AsyncStore& async_store, StartedTick tick) {
    submitted.push_back(fmt::format("{} {}", tick.schedule.name, to_iso_seconds(tick.at)));
    const std::unique_ptr<Alarm> alarm = clock.alarm();
    if (hangs) co_await alarm->sleep_until(SteadyTime::max());
    if (refuses) co_return *refuses;
    auto make = [id = tick.tick, now = clock.utc_now()](Store& into) -> Result<RunId> {
      NewRun run{
          .job_name = "n", .tenant = "t", .endpoint = "e", .job_text = "{}", .rate = 1, .created_at = now};
      run.origin.tick = id;
      const Result<RunId> made = into.create_run(run);
      if (made.has_error()) return made.error();
      const Result<void> added = into.add_chunks(*made, {{.devices = 1, .names = "d\n"}});
      if (added.has_error()) return added.error();
      const Result<void> sealed = into.seal_run(*made, 0);
      if (sealed.has_error()) return sealed.error();
      return *made;
    };
    const Result<RunId> run = co_await async_store.call(std::move(make));
    if (run.has_value()) {
      asio::co_spawn(co_await asio::this_coro::executor, finish(clock, async_store, *run),
                     [](std::exception_ptr) {});
    }
    co_return run;
  }

  /// Its one chunk is canceled, which ends the run.
  asio::awaitable<void> finish(Clock& clock, AsyncStore& async_store, RunId run) {
    const std::unique_ptr<Alarm> alarm = clock.alarm();
    if (run_takes > 0min) co_await alarm->sleep_until(clock.steady_now() + run_takes);
    auto end = [run, now = clock.utc_now()](Store& in) {
      return in.set_run_control({.run = run, .control = RunControl::canceled, .now = now});
    };
    (void)co_await async_store.call(std::move(end));
  }

  UtcTime now_;
};

using Lines = std::vector<std::string>;

std::vector<UtcTime> each(const std::string& from, std::chrono::minutes step, const std::string& to) {
  std::vector<UtcTime> times;
  for (UtcTime time = at(from); time <= at(to); time += step) times.push_back(time);
  return times;
}

std::vector<UtcTime> these(const std::vector<std::string>& texts) {
  std::vector<UtcTime> times;
  for (const std::string& text : texts) times.push_back(at("2026-03-" + text + ":00Z"));
  return times;
}

}  // namespace

TEST_CASE(
    "scheduler: 72 hours of a dozen schedules, over a change of the clocks and many deaths, tick exactly") {
  // Berlin: at 01:00 UTC on the 29th from 02:00 to 03:00. Lord Howe and New York do not change in these days.
  const std::string berlin = R"("zone": "Europe/Berlin", )";
  struct Row {
    std::string name, schedule;
    std::vector<UtcTime> expected;
  };
  const std::string first = "2026-03-28T00:00:00Z";
  const std::string last = "2026-03-31T00:00:00Z";
  const std::vector<Row> rows{
      {"hourly", R"("cron": "@hourly")", each("2026-03-28T01:00:00Z", 60min, last)},
      {"minutes", R"("cron": "* * * * *")", each("2026-03-28T00:01:00Z", 1min, last)},
      {"gap", berlin + R"("cron": "30 2 * * *")", these({"28T01:30", "29T01:00", "30T00:30"})},
      {"two in the gap", berlin + R"("cron": "0,30 2 * * *")",
       these({"28T01:00", "28T01:30", "29T01:00", "30T00:00", "30T00:30", "31T00:00"})},
      {"quarters", berlin + R"("cron": "*/15 * * * *")", each("2026-03-28T00:15:00Z", 15min, last)},
      {"wild in the gap", berlin + R"("cron": "*/20 2 * * *")",
       these({"28T01:00", "28T01:20", "28T01:40", "30T00:00", "30T00:20", "30T00:40", "31T00:00"})},
      {"six", berlin + R"("cron": "0 */6 * * *")",
       these({"28T05:00", "28T11:00", "28T17:00", "28T23:00", "29T04:00", "29T10:00", "29T16:00", "29T22:00",
              "30T04:00", "30T10:00", "30T16:00", "30T22:00"})},
      {"interval", berlin + R"("cron": "every 5h")", each("2026-03-28T05:00:00Z", 300min, last)},
      {"daily", R"("zone": "America/New_York", "cron": "@daily")",
       these({"28T04:00", "29T04:00", "30T04:00"})},
      {"sunday", berlin + R"("cron": "0 12 * * sun")", these({"29T10:00"})},
      {"until", R"("cron": "@hourly", "until": "2026-03-28T03:00:00Z")", these({"28T01:00", "28T02:00"})},
      {"half", R"("zone": "Australia/Lord_Howe", "cron": "0 9 * * *")",
       these({"28T22:00", "29T22:00", "30T22:00"})}};
  Site site(first);
  for (const Row& row : rows)
    site.add(row.name,
             row.schedule + R"(, "overlap": "allow", "start_deadline": "24h", "missed": {"run_all": 1000})");

  // Each ends where the next one begins, at the very minute of ticks and between them; and for 80 minutes
  // around the change nobody is there.
  for (const char* death : {"28T00:30", "28T01:00", "28T01:30", "28T14:07", "28T23:59", "29T00:20"})
    site.serve_until("2026-03-" + std::string(death) + ":00Z");
  site.nobody_until("2026-03-29T01:40:00Z");
  for (const char* death : {"29T01:41", "29T10:00", "30T00:30", "30T12:34"})
    site.serve_until("2026-03-" + std::string(death) + ":00Z");
  site.serve_until("2026-03-31T00:00:30Z", /*dies=*/false);

  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(site.fired(row.name) == row.expected);
  }
  std::ranges::sort(site.submitted);
  CHECK(std::ranges::adjacent_find(site.submitted) == site.submitted.end());
  std::size_t ticks = 0;
  for (const Row& row : rows) ticks += row.expected.size();
  CHECK(expect(site.store->runs(100'000)).size() == ticks);
}

TEST_CASE("scheduler: what was missed runs once, for all, and the others say why they do not") {
  Site site("2026-06-01T08:30:00Z");
  site.add("a", R"("cron": "@hourly")");
  site.add("b", R"("cron": "@hourly", "missed": "skip")");

  site.nobody_until("2026-06-01T11:30:00Z");
  site.serve_until("2026-06-01T12:10:00Z");

  CHECK(site.told("a") == Lines{"06-01T09:00 skipped too_late", "06-01T10:00 skipped too_late",
                                "06-01T11:00 fired", "06-01T12:00 fired"});
  CHECK(site.told("b") == Lines{"06-01T09:00 skipped missed", "06-01T10:00 skipped missed",
                                "06-01T11:00 skipped missed", "06-01T12:00 fired"});
}

TEST_CASE(
    "scheduler: a tick whose submission dies with its process comes to one run all the same, by the policy") {
  Site site("2026-06-01T08:30:00Z");
  site.add("a", R"("cron": "@hourly")");
  site.add("b", R"("cron": "@hourly", "missed": "skip")");
  site.hangs = true;
  site.serve_until("2026-06-01T09:00:10Z");
  CHECK(site.told("a") == Lines{"06-01T09:00 started"});

  site.hangs = false;
  site.serve_until("2026-06-01T09:10:00Z");
  site.serve_until("2026-06-01T09:20:00Z");

  CHECK(site.told("a") == Lines{"06-01T09:00 fired"});
  CHECK(site.told("b") == Lines{"06-01T09:00 skipped missed"});
  CHECK(expect(site.store->runs(10)).size() == 1);
}

TEST_CASE(
    "scheduler: while a submission hangs, its schedule's next tick goes by the overlap, and others fire") {
  Site site("2026-06-01T08:30:00Z");
  site.add("a", R"("cron": "@hourly")");
  site.hangs = true;
  site.serve_until("2026-06-01T10:10:00Z");

  CHECK(site.told("a") == Lines{"06-01T09:00 started", "06-01T10:00 skipped overlap"});
}

TEST_CASE(
    "scheduler: ticks that come while a run is unfinished are skipped, wait, cancel it or run beside it") {
  Site site("2026-06-01T08:30:00Z");
  site.add("skip", R"("cron": "*/30 * * * *")");
  site.add("queue", R"("cron": "*/30 * * * *", "overlap": "queue_one")");
  site.add("cancel", R"("cron": "*/30 * * * *", "overlap": "cancel_running")");
  site.add("allow", R"("cron": "*/30 * * * *", "overlap": "allow")");
  site.run_takes = 70min;

  site.serve_until("2026-06-01T10:15:00Z");

  CHECK(site.told("skip") ==
        Lines{"06-01T09:00 fired", "06-01T09:30 skipped overlap", "06-01T10:00 skipped overlap"});
  // It waits for the run that ends at 10:10, and is looked at half a minute later at the latest.
  CHECK(site.told("queue") == Lines{"06-01T09:00 fired", "06-01T09:30 fired", "06-01T10:00 skipped overlap"});
  CHECK(site.told("cancel") == Lines{"06-01T09:00 fired", "06-01T09:30 fired", "06-01T10:00 fired"});
  CHECK(site.canceled.size() >= 2);
  CHECK(site.told("allow") == Lines{"06-01T09:00 fired", "06-01T09:30 fired", "06-01T10:00 fired"});
}

TEST_CASE("scheduler: a tick whose run cannot be made is on record as failed, and the next one is tried") {
  Site site("2026-06-01T08:30:00Z");
  site.add("a", R"("cron": "@hourly")");
  site.refuses = Error{ErrorKind::not_found, "fleet.txt: there is no such file", ""};
  site.serve_until("2026-06-01T09:10:00Z");
  site.refuses.reset();
  site.serve_until("2026-06-01T10:10:00Z");

  CHECK(site.told("a") == Lines{"06-01T09:00 failed fleet.txt: there is no such file", "06-01T10:00 fired"});
}

TEST_CASE("scheduler: a wall clock set forward over many ticks makes one run of them") {
  Site site("2026-06-01T08:30:00Z");
  site.add("a", R"("cron": "*/10 * * * *", "overlap": "allow")");

  site.serve_with_clock_set("2026-06-01T08:35:00Z", "2026-06-01T09:35:00Z", "2026-06-01T09:41:00Z");

  CHECK(site.told("a") == Lines{"06-01T08:40 skipped superseded", "06-01T08:50 skipped superseded",
                                "06-01T09:00 skipped superseded", "06-01T09:10 skipped superseded",
                                "06-01T09:20 skipped superseded", "06-01T09:30 fired", "06-01T09:40 fired"});
}

TEST_CASE("scheduler: a wall clock set back by an hour fires nothing twice, and goes on where it was") {
  Site site("2026-06-01T08:30:00Z");
  site.add("a", R"("cron": "*/30 * * * *")");

  site.serve_with_clock_set("2026-06-01T09:05:00Z", "2026-06-01T08:05:00Z", "2026-06-01T09:35:00Z");

  CHECK(site.told("a") == Lines{"06-01T09:00 fired", "06-01T09:30 fired"});
  CHECK(site.submitted.size() == 2);
}

TEST_CASE(
    "scheduler: a clock that had been ten years ahead leaves a schedule that ticks and repeats nothing") {
  Site site("2026-06-01T08:30:00Z");
  site.add("a", R"("cron": "*/30 * * * *", "missed": "skip")");

  site.serve_with_clock_set("2026-06-01T09:05:00Z", "2036-06-01T08:05:00Z", "2036-06-01T08:10:00Z");
  site.nobody_until("2026-06-01T09:10:00Z");
  site.serve_until("2026-06-01T10:05:00Z");

  const std::vector<UtcTime> fired = site.fired("a");
  CHECK(std::ranges::count(fired, at("2026-06-01T09:00:00Z")) == 1);
  CHECK(std::ranges::count(fired, at("2026-06-01T09:30:00Z")) == 1);
  CHECK(std::ranges::count(fired, at("2026-06-01T10:00:00Z")) == 1);
}

TEST_CASE("scheduler: a schedule that is paused, resumed, or added meanwhile counts within half a minute") {
  Site site("2026-06-01T08:30:00Z");
  site.add("a", R"("cron": "*/10 * * * *", "paused": true)");
  site.serve_until("2026-06-01T08:45:00Z");
  expect(steer_schedule(*site.store, "a",
                        {.state = ScheduleState::active, .actor = "li", .now = at("2026-06-01T08:45:00Z")}));
  site.serve_until("2026-06-01T08:55:00Z");

  CHECK(site.told("a") == Lines{"06-01T08:40 skipped paused", "06-01T08:50 fired"});
}
