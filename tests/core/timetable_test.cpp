// SPDX-License-Identifier: MIT
// Each instant is worked out by hand from the calendar and the dates on which the zones' clocks are set.
#include "sluice/core/timetable.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

using Instants = std::vector<std::string>;

UtcTime at(const char* text) { return from_iso_seconds(text).value(); }

Timetable timetable(const char* cron, std::string zone = "UTC") {
  return {.expression = std::get<CronExpression>(parse_cron(cron)), .zone = std::move(zone), .anchor = {}};
}

Instants next(const Timetable& of, const char* after, std::size_t count) {
  Instants found;
  UtcTime time = at(after);
  while (found.size() < count) {
    const auto tick = next_tick(of, time);
    REQUIRE(tick.has_value());
    CHECK(*tick > time);
    CHECK(count_ticks(of, time, *tick) == 1);
    CHECK(count_ticks(of, time, *tick - 1us) == 0);
    time = *tick;
    found.push_back(to_iso_seconds(time));
  }
  CHECK(count_ticks(of, at(after), time) == static_cast<std::int64_t>(count));
  return found;
}

}  // namespace

TEST_CASE("timetable: the next tick is later, even by a microsecond, than the time asked about") {
  const Timetable half_past_two = timetable("30 2 * * *");

  CHECK(next_tick(half_past_two, at("2026-06-01T02:30:00Z") - 1us) == at("2026-06-01T02:30:00Z"));
  CHECK(next_tick(half_past_two, at("2026-06-01T02:30:00Z")) == at("2026-06-02T02:30:00Z"));
  CHECK(next_tick(half_past_two, at("2026-06-01T02:30:59Z")) == at("2026-06-02T02:30:00Z"));
}

TEST_CASE("timetable: a schedule of each kind, over the ends of months and years") {
  CHECK(next(timetable("*/20 22-23 31 12 *"), "2026-12-31T22:30:00Z", 5) ==
        Instants{"2026-12-31T22:40:00Z", "2026-12-31T23:00:00Z", "2026-12-31T23:20:00Z",
                 "2026-12-31T23:40:00Z", "2027-12-31T22:00:00Z"});
  CHECK(next(timetable("0 0 31 * *"), "2026-01-31T00:00:00Z", 3) ==
        Instants{"2026-03-31T00:00:00Z", "2026-05-31T00:00:00Z", "2026-07-31T00:00:00Z"});
  CHECK(next(timetable("@weekly"), "2026-11-28T00:00:00Z", 2) ==
        Instants{"2026-11-29T00:00:00Z", "2026-12-06T00:00:00Z"});
}

TEST_CASE("timetable: Friday or the 13th, but only an odd day that is a Monday") {
  // 2026-11: the 13th is a Friday; Fridays are 6, 13, 20, 27. Mondays: 2, 9, 16, 23, 30.
  CHECK(next(timetable("0 12 13 11 fri"), "2026-11-01T00:00:00Z", 4) ==
        Instants{"2026-11-06T12:00:00Z", "2026-11-13T12:00:00Z", "2026-11-20T12:00:00Z",
                 "2026-11-27T12:00:00Z"});
  CHECK(next(timetable("0 12 */2 11 mon"), "2026-11-01T00:00:00Z", 2) ==
        Instants{"2026-11-09T12:00:00Z", "2026-11-23T12:00:00Z"});
}

TEST_CASE("timetable: the 29th of February is due in leap years, and 2100 is none") {
  CHECK(next(timetable("0 0 29 2 *"), "2026-01-01T00:00:00Z", 2) ==
        Instants{"2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"});
  CHECK(next(timetable("0 0 29 2 *"), "2096-03-01T00:00:00Z", 1) == Instants{"2104-02-29T00:00:00Z"});
  // 2028-02-29 is a Tuesday; a 29th of February is one again 28 years later.
  CHECK(next(timetable("0 0 29 2 */2"), "2028-01-01T00:00:00Z", 1) == Instants{"2028-02-29T00:00:00Z"});
}

TEST_CASE("timetable: a zone's time of day is its own") {
  CHECK(next(timetable("30 2 * * *", "Asia/Kathmandu"), "2026-06-01T00:00:00Z", 1) ==
        Instants{"2026-06-01T20:45:00Z"});
  CHECK(next(timetable("0 0 1 * *", "Pacific/Kiritimati"), "2026-06-15T00:00:00Z", 1) ==
        Instants{"2026-06-30T10:00:00Z"});
}

TEST_CASE("timetable: a fixed time in the hour that spring leaves out is due once, right after it") {
  // Berlin, 2026-03-29: at 01:00 UTC the clocks go from 02:00 to 03:00.
  CHECK(next(timetable("30 2 * * *", "Europe/Berlin"), "2026-03-28T12:00:00Z", 2) ==
        Instants{"2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"});
  CHECK(next(timetable("0,20,40 2 * * *", "Europe/Berlin"), "2026-03-28T12:00:00Z", 2) ==
        Instants{"2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"});
  CHECK(next(timetable("30 2,3 * * *", "Europe/Berlin"), "2026-03-28T12:00:00Z", 3) ==
        Instants{"2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"});
}

TEST_CASE("timetable: what is due right after the gap anyway is due once") {
  CHECK(next(timetable("0 2,3 * * *", "Europe/Berlin"), "2026-03-28T12:00:00Z", 2) ==
        Instants{"2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"});
}

TEST_CASE("timetable: a gap on a day that does not fit makes nothing up") {
  // 2026-03-29 is a Sunday.
  CHECK(next(timetable("30 2 * * mon-fri", "Europe/Berlin"), "2026-03-28T12:00:00Z", 1) ==
        Instants{"2026-03-30T00:30:00Z"});
}

TEST_CASE("timetable: a fixed time in the hour that autumn repeats is due when it first comes") {
  // Berlin, 2026-10-25: at 01:00 UTC the clocks go from 03:00 back to 02:00.
  CHECK(next(timetable("30 2 * * *", "Europe/Berlin"), "2026-10-24T12:00:00Z", 2) ==
        Instants{"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"});
  CHECK(next(timetable("0 2,3 * * *", "Europe/Berlin"), "2026-10-24T12:00:00Z", 3) ==
        Instants{"2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z", "2026-10-26T01:00:00Z"});
  // Asked about in the middle of the second time round, it is over.
  CHECK(next(timetable("30 2 * * *", "Europe/Berlin"), "2026-10-25T01:10:00Z", 1) ==
        Instants{"2026-10-26T01:30:00Z"});
}

TEST_CASE("timetable: a wildcard's times go by real intervals through both nights") {
  CHECK(next(timetable("*/30 * * * *", "Europe/Berlin"), "2026-03-29T00:15:00Z", 4) ==
        Instants{"2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z",
                 "2026-03-29T02:00:00Z"});
  CHECK(next(timetable("*/30 * * * *", "Europe/Berlin"), "2026-10-25T00:15:00Z", 4) ==
        Instants{"2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z",
                 "2026-10-25T02:00:00Z"});
  CHECK(next(timetable("*/30 2 * * *", "Europe/Berlin"), "2026-03-28T12:00:00Z", 1) ==
        Instants{"2026-03-30T00:00:00Z"});
  CHECK(next(timetable("*/30 2 * * *", "Europe/Berlin"), "2026-10-24T12:00:00Z", 5) ==
        Instants{"2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z",
                 "2026-10-25T01:30:00Z", "2026-10-26T01:00:00Z"});
}

TEST_CASE("timetable: midnight itself may be left out") {
  // Beirut, 2026-03-29: at 22:00 UTC of the 28th the clocks go from 00:00 to 01:00.
  CHECK(next(timetable("@daily", "Asia/Beirut"), "2026-03-28T12:00:00Z", 2) ==
        Instants{"2026-03-28T22:00:00Z", "2026-03-29T21:00:00Z"});
}

TEST_CASE("timetable: on Lord Howe the clocks are set by half an hour") {
  // 2026-10-04: at 15:30 UTC of the day before from 02:00 to 02:30. 2026-04-05: at 15:00 UTC from 02:00 to
  // 01:30.
  CHECK(next(timetable("15 2 * * *", "Australia/Lord_Howe"), "2026-10-03T00:00:00Z", 2) ==
        Instants{"2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"});
  CHECK(next(timetable("45 1 * * *", "Australia/Lord_Howe"), "2026-04-04T00:00:00Z", 2) ==
        Instants{"2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"});
}

TEST_CASE("timetable: Samoa went without 30 December 2011, and nothing of that day is made up") {
  // At 10:00 UTC on the 30th, midnight after the 29th, Apia went from UTC-10 to UTC+14.
  CHECK(next(timetable("0 12 * * *", "Pacific/Apia"), "2011-12-29T00:00:00Z", 2) ==
        Instants{"2011-12-29T22:00:00Z", "2011-12-30T22:00:00Z"});
  CHECK(count_ticks(timetable("0 12 30 12 *", "Pacific/Apia"), at("2011-01-01T00:00:00Z"),
                    at("2012-06-01T00:00:00Z")) == 0);
}

TEST_CASE("timetable: an interval is counted from its anchor, whatever the zone's clocks do") {
  Timetable each_six_hours = timetable("every 6h", "Europe/Berlin");
  each_six_hours.anchor = at("2026-03-28T10:17:00Z");

  CHECK(next(each_six_hours, "2026-03-28T10:17:00Z", 3) ==
        Instants{"2026-03-28T16:17:00Z", "2026-03-28T22:17:00Z", "2026-03-29T04:17:00Z"});
  CHECK(next(each_six_hours, "2020-01-01T00:00:00Z", 1) == Instants{"2026-03-28T16:17:00Z"});
  CHECK(count_ticks(each_six_hours, at("2020-01-01T00:00:00Z"), at("2026-03-29T10:17:00Z")) == 4);
}

TEST_CASE("timetable: the last ticks of a long time are found without going through all of it") {
  const Timetable each_minute = timetable("* * * * *", "Europe/Berlin");
  const UtcTime from = at("1996-01-01T00:00:00Z");
  const UtcTime to = at("2026-01-01T00:00:00Z");

  // 30 years with 8 leap years, of 1440 minutes a day.
  CHECK(count_ticks(each_minute, from, to) == (30 * 365 + 8) * 1440);
  const std::vector<UtcTime> last = last_ticks(each_minute, from, to, 3);
  CHECK(last == std::vector<UtcTime>{to - 2min, to - 1min, to});
  CHECK(last_ticks(each_minute, to - 2min, to, 3) == std::vector<UtcTime>{to - 1min, to});
  CHECK(last_ticks(each_minute, to, to, 3).empty());
  CHECK(last_ticks(each_minute, from, to, 0).empty());
}

TEST_CASE("timetable: changes of the clocks are told with both offsets") {
  CHECK(next_clock_change("Europe/Berlin", at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z")) ==
        ClockChange{at("2026-03-29T01:00:00Z"), 1h, 2h});
  CHECK(next_clock_change("Europe/Berlin", at("2026-03-29T01:00:00Z"), at("2027-01-01T00:00:00Z")) ==
        ClockChange{at("2026-10-25T01:00:00Z"), 2h, 1h});
  CHECK_FALSE(next_clock_change("Europe/Berlin", at("2026-03-29T01:00:00Z"), at("2026-09-01T00:00:00Z")));
  CHECK_FALSE(next_clock_change("UTC", at("2026-01-01T00:00:00Z"), at("2036-01-01T00:00:00Z")));
  CHECK(to_iso_seconds(local_time("Europe/Berlin", at("2026-03-29T01:00:00Z"))) == "2026-03-29T03:00:00Z");
}

TEST_CASE("timetable: a fixed time that a coming spring leaves out is known beforehand") {
  const UtcTime from = at("2026-06-01T00:00:00Z");
  const UtcTime to = at("2027-06-01T00:00:00Z");

  const auto gap = first_gap(timetable("30 2 * * *", "Europe/Berlin"), from, to);
  REQUIRE(gap.has_value());
  CHECK(to_iso_seconds(gap->at) == "2027-03-28T01:00:00Z");
  CHECK_FALSE(first_gap(timetable("30 3 * * *", "Europe/Berlin"), from, to));
  CHECK_FALSE(first_gap(timetable("*/10 2 * * *", "Europe/Berlin"), from, to));
  CHECK_FALSE(first_gap(timetable("30 2 * * mon", "Europe/Berlin"), from, to));
  CHECK_FALSE(first_gap(timetable("every 6h", "Europe/Berlin"), from, to));
}
