// SPDX-License-Identifier: MIT
// Noon of 1 June 2026 is the middle of most of these; the schedule is hourly unless the test says otherwise.
#include "sluice/core/tick_rules.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

UtcTime at(const std::string& text) { return from_iso_seconds(text).value(); }
UtcTime june(const std::string& time) { return at("2026-06-01T" + time + ":00Z"); }

/// A schedule and what is known of it; has been watched since midnight.
struct Known {
  Schedule schedule;
  Timetable timetable;
  std::string name = "nightly";
  UtcTime decided_to = june("11:00");
  UtcTime present_since = june("00:00");
  bool is_paused = false;
  bool has_unfinished_run = false;
  std::vector<WaitingTick> waiting;

  explicit Known(const char* cron = "@hourly")
      : timetable{std::get<CronExpression>(parse_cron(cron)), "UTC", {}} {}

  TickPlan at(UtcTime now) const {
    return decide_ticks({.timetable = timetable,
                         .schedule = schedule,
                         .name = name,
                         .decided_to = decided_to,
                         .present_since = present_since,
                         .is_paused = is_paused,
                         .has_unfinished_run = has_unfinished_run,
                         .waiting = waiting,
                         .now = now});
  }
};

/// "12:00 fire", "12:00 skip overlap", "12:00 fire canceling"; a waiting tick has "#7 " before.
std::vector<std::string> told(const TickPlan& plan) {
  std::vector<std::string> lines;
  for (const TickDecision& tick : plan.decisions) {
    std::string line = tick.id ? "#" + std::to_string(tick.id->value) + " " : "";
    line += to_iso_seconds(tick.at).substr(11, 5);
    if (tick.verdict == TickDecision::Verdict::fire)
      line += tick.cancels_running ? " fire canceling" : " fire";
    if (tick.verdict == TickDecision::Verdict::queue) line += " queue";
    if (tick.verdict == TickDecision::Verdict::skip) line += " skip " + std::string(to_string(tick.reason));
    if (tick.ticks > 1) line += " of " + std::to_string(tick.ticks);
    lines.push_back(line);
  }
  return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("ticks: one that comes due fires, not earlier and not again") {
  Known known;

  const TickPlan before = known.at(june("12:00") - 1us);
  CHECK(before.decisions.empty());
  CHECK(before.look_at == june("12:00"));

  const TickPlan then = known.at(june("12:00"));
  CHECK(told(then) == Lines{"12:00 fire"});
  CHECK(then.decided_to == june("12:00"));
  CHECK(then.look_at == june("13:00"));

  known.decided_to = then.decided_to;
  CHECK(known.at(june("12:00")).decisions.empty());
}

TEST_CASE("ticks: of those that were missed, the newest runs for all unless it is too old") {
  Known known;
  known.decided_to = june("08:00");
  known.present_since = june("11:30");

  CHECK(told(known.at(june("11:30"))) == Lines{"09:00 skip too_late", "10:00 skip too_late", "11:00 fire"});
  known.schedule.start_deadline = 20min;
  CHECK(told(known.at(june("11:30"))) ==
        Lines{"09:00 skip too_late", "10:00 skip too_late", "11:00 skip too_late"});
  known.schedule.start_deadline = 30min;
  CHECK(told(known.at(june("11:30"))).back() == "11:00 fire");
  known.schedule.start_deadline = 3h;
  CHECK(told(known.at(june("11:30"))) ==
        Lines{"09:00 skip superseded", "10:00 skip superseded", "11:00 fire"});
}

TEST_CASE("ticks: missed ones are let go, or all run one after the other, if the schedule says so") {
  Known known;
  known.decided_to = june("07:00");
  known.present_since = june("11:30");
  known.schedule.start_deadline = 24h;

  known.schedule.missed = {MissedTicks::Policy::skip, 1};
  CHECK(told(known.at(june("11:30"))) ==
        Lines{"08:00 skip missed", "09:00 skip missed", "10:00 skip missed", "11:00 skip missed"});

  known.schedule.missed = {MissedTicks::Policy::run_all, 3};
  CHECK(told(known.at(june("11:30"))) ==
        Lines{"08:00 skip superseded", "09:00 fire", "10:00 queue", "11:00 queue"});

  known.schedule.overlap = Overlap::allow;
  CHECK(told(known.at(june("11:30"))) ==
        Lines{"08:00 skip superseded", "09:00 fire", "10:00 fire", "11:00 fire"});
}

TEST_CASE("ticks: while a run is unfinished, the overlap says what becomes of the next") {
  Known known;
  known.has_unfinished_run = true;

  CHECK(told(known.at(june("12:00"))) == Lines{"12:00 skip overlap"});
  known.schedule.overlap = Overlap::allow;
  CHECK(told(known.at(june("12:00"))) == Lines{"12:00 fire"});
  known.schedule.overlap = Overlap::cancel_running;
  CHECK(told(known.at(june("12:00"))) == Lines{"12:00 fire canceling"});
  known.schedule.overlap = Overlap::queue_one;
  CHECK(told(known.at(june("12:00"))) == Lines{"12:00 queue"});
}

TEST_CASE("ticks: one waits at most, starts when the run is over, and not when it has become too old") {
  Known known;
  known.schedule.overlap = Overlap::queue_one;
  known.has_unfinished_run = true;
  known.waiting = {{.id = TickId{7}, .at = june("11:00")}};

  CHECK(told(known.at(june("12:00"))) == Lines{"12:00 skip overlap"});
  known.has_unfinished_run = false;
  CHECK(told(known.at(june("11:59"))) == Lines{"#7 11:00 fire"});
  CHECK(told(known.at(june("12:00"))) == Lines{"#7 11:00 fire", "12:00 queue"});
  known.decided_to = june("12:00");
  CHECK(told(known.at(june("12:01"))) == Lines{"#7 11:00 skip too_late"});
}

TEST_CASE("ticks: a paused schedule's ticks are skipped, what a person asked for is not") {
  Known known;
  known.is_paused = true;
  known.decided_to = june("09:00");
  known.present_since = june("11:30");
  known.waiting = {{.id = TickId{3}, .at = june("09:00")},
                   {.id = TickId{4}, .at = at("2026-05-01T00:00:00Z"), .kind = TickKind::backfill}};

  CHECK(told(known.at(june("12:00"))) == Lines{"#3 09:00 skip paused", "#4 00:00 fire", "10:00 skip paused",
                                               "11:00 skip paused", "12:00 skip paused"});
}

TEST_CASE("ticks: a backfill waits its turn at any age, and goes one by one") {
  Known known;
  known.waiting = {{.id = TickId{4}, .at = at("2026-05-01T00:00:00Z"), .kind = TickKind::backfill},
                   {.id = TickId{5}, .at = at("2026-05-02T00:00:00Z"), .kind = TickKind::backfill}};

  CHECK(told(known.at(june("11:10"))) == Lines{"#4 00:00 fire"});
  known.has_unfinished_run = true;
  CHECK(known.at(june("11:10")).decisions.empty());
  known.schedule.overlap = Overlap::allow;
  CHECK(told(known.at(june("11:10"))) == Lines{"#4 00:00 fire", "#5 00:00 fire"});
}

TEST_CASE("ticks: one whose submission a crash cut off goes by the policy for missed ones") {
  Known known;
  known.present_since = june("11:30");
  known.waiting = {{.id = TickId{9}, .at = june("11:00"), .kind = TickKind::scheduled, .was_cut_off = true}};

  CHECK(told(known.at(june("11:30"))) == Lines{"#9 11:00 fire"});
  known.schedule.missed.policy = MissedTicks::Policy::skip;
  CHECK(told(known.at(june("11:30"))) == Lines{"#9 11:00 skip missed"});
  known.schedule.missed.policy = MissedTicks::Policy::run_once;
  known.present_since = june("12:10");
  CHECK(told(known.at(june("12:10"))) == Lines{"#9 11:00 skip too_late", "12:00 fire"});
  known.waiting.front().kind = TickKind::triggered;
  CHECK(told(known.at(june("11:40"))) == Lines{"#9 11:00 fire"});
}

TEST_CASE("ticks: a clock that was set back fires nothing a second time") {
  Known known;
  known.decided_to = june("12:00");

  const TickPlan plan = known.at(june("09:30"));

  CHECK(plan.decisions.empty());
  CHECK(plan.decided_to == june("12:00"));
  CHECK(plan.look_at == june("13:00"));
}

TEST_CASE("ticks: a clock that had been years ahead does not silence a schedule for years") {
  Known known;
  known.decided_to = at("2036-06-01T00:00:00Z");

  const TickPlan plan = known.at(june("09:30"));

  CHECK(plan.decisions.empty());
  CHECK(plan.decided_to == june("09:30"));
  CHECK(plan.look_at == june("10:00"));
}

TEST_CASE("ticks: a million missed ones are a thousand rows and one that stands for the rest") {
  Known known("* * * * *");
  known.decided_to = june("00:00");
  known.present_since = known.decided_to + 1'000'000min;

  const TickPlan plan = known.at(known.present_since);

  // The millionth minute is live.
  REQUIRE(plan.decisions.size() == 1 + 1000 + 1);
  const TickDecision rest = plan.decisions.front();
  CHECK(rest.ticks == 1'000'000 - 1 - 1000);
  CHECK(rest.at == known.decided_to + (1'000'000min - 1min - 1000min));
  CHECK(rest.reason == SkipReason::too_late);
  CHECK(plan.decisions[1].at == rest.at + 1min);
  CHECK(plan.decisions[1].ticks == 1);
  CHECK(plan.decisions[1000].verdict == TickDecision::Verdict::fire);
  CHECK(plan.decisions[1001].at == known.present_since);
  CHECK(plan.decisions[1001].reason == SkipReason::overlap);
}

TEST_CASE("ticks: the spread delays each tick by the same, and what was missed as well") {
  Known known;
  known.schedule.spread = 20min;
  const auto offset = spread_offset(known.name, 20min);
  REQUIRE(offset > 1s);
  REQUIRE(offset < 20min);

  CHECK(known.at(june("12:00") + offset - 1ms).decisions.empty());
  CHECK(known.at(june("12:00")).look_at == june("12:00") + offset);
  CHECK(told(known.at(june("12:00") + offset)) == Lines{"12:00 fire"});

  known.decided_to = june("10:00");
  known.present_since = june("11:45");
  CHECK(known.at(june("11:45")).decisions.empty());
  CHECK(known.at(june("11:45")).look_at == june("11:45") + offset);
  CHECK(told(known.at(june("11:45") + offset)) == Lines{"11:00 fire"});
}

TEST_CASE("ticks: a spread offset depends on the name alone, and names spread over all of it") {
  CHECK(spread_offset("a", 0ms) == 0ms);
  CHECK(spread_offset("nightly", 1h) == spread_offset("nightly", 1h));
  int early = 0;
  for (int i = 0; i < 1000; ++i) early += spread_offset("schedule-" + std::to_string(i), 1h) < 30min ? 1 : 0;
  CHECK(early > 400);
  CHECK(early < 600);
}

TEST_CASE("ticks: from `until` on there are none") {
  Known known;
  known.schedule.until = june("12:00");

  const TickPlan plan = known.at(june("12:30"));

  CHECK(plan.decisions.empty());
  CHECK(plan.look_at == UtcTime::max());
  known.decided_to = june("10:00");
  CHECK(told(known.at(june("12:00"))) == Lines{"11:00 fire"});
}

TEST_CASE("ticks: a trigger goes by the overlap like any other tick") {
  using Verdict = TickDecision::Verdict;
  CHECK(decide_trigger(Overlap::skip, false, 0, june("12:00")).verdict == Verdict::fire);
  CHECK(decide_trigger(Overlap::skip, true, 0, june("12:00")).verdict == Verdict::skip);
  CHECK(decide_trigger(Overlap::allow, true, 2, june("12:00")).verdict == Verdict::fire);
  CHECK(decide_trigger(Overlap::queue_one, true, 0, june("12:00")).verdict == Verdict::queue);
  CHECK(decide_trigger(Overlap::queue_one, true, 1, june("12:00")).verdict == Verdict::skip);
  CHECK(decide_trigger(Overlap::cancel_running, true, 0, june("12:00")).cancels_running);
}

TEST_CASE("ticks: the words of the record are read back") {
  for (const auto reason : {SkipReason::missed, SkipReason::superseded, SkipReason::too_late,
                            SkipReason::overlap, SkipReason::paused})
    CHECK(skip_reason_from(to_string(reason)) == reason);
  for (const auto kind : {TickKind::scheduled, TickKind::triggered, TickKind::backfill})
    CHECK(tick_kind_from(to_string(kind)) == kind);
  CHECK_FALSE(skip_reason_from("late"));
}
