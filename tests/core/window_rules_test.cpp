// SPDX-License-Identifier: MIT
// Each instant is worked out by hand from the dates on which the zones' clocks are set.
#include "sluice/core/window_rules.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "sluice/core/time_zones.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

constexpr UtcTime utc(int year, unsigned month, unsigned day, int hour, int minute = 0) {
  return UtcTime{std::chrono::sys_days{std::chrono::year{year} / static_cast<int>(month) /
                                       static_cast<int>(day)}} +
         std::chrono::hours{hour} + std::chrono::minutes{minute};
}

SendWindow window(const std::string& zone, const std::vector<std::string>& spans) {
  SendWindow made{.zone = zone, .allow = {}};
  for (const std::string& text : spans) made.allow.push_back(parse_daily_span(text).value());
  return made;
}

/// The next instants at which it opens, closes, opens, …, beginning with a closed window.
std::vector<std::string> changes(const SendWindow& of, UtcTime after, std::size_t count) {
  REQUIRE_FALSE(window_at(of, after).is_open);
  std::vector<std::string> found;
  while (found.size() < count) {
    const WindowState state = window_at(of, after);
    CHECK(state.is_open == (found.size() % 2 == 1));
    CHECK(window_at(of, state.changes_at - 1us).changes_at == state.changes_at);
    after = state.changes_at;
    found.push_back(to_iso_seconds(after));
  }
  return found;
}

using Instants = std::vector<std::string>;

}  // namespace

TEST_CASE("window: it opens with the first instant of its span and is closed at the last") {
  const SendWindow nights = window("Asia/Shanghai", {"01:00-05:00"});

  CHECK(window_at(nights, utc(2026, 6, 1, 17) - 1us) == WindowState{false, utc(2026, 6, 1, 17)});
  CHECK(window_at(nights, utc(2026, 6, 1, 17)) == WindowState{true, utc(2026, 6, 1, 21)});
  CHECK(window_at(nights, utc(2026, 6, 1, 21) - 1us) == WindowState{true, utc(2026, 6, 1, 21)});
  CHECK(window_at(nights, utc(2026, 6, 1, 21)) == WindowState{false, utc(2026, 6, 2, 17)});
  CHECK(opens_from(nights, utc(2026, 6, 1, 18)) == utc(2026, 6, 1, 18));
  CHECK(opens_from(nights, utc(2026, 6, 1, 22)) == utc(2026, 6, 2, 17));
}

TEST_CASE("window: a span over midnight is one stretch") {
  const SendWindow nights = window("Asia/Shanghai", {"22:00-04:30"});

  CHECK(changes(nights, utc(2026, 6, 1, 12), 3) ==
        Instants{"2026-06-01T14:00:00Z", "2026-06-01T20:30:00Z", "2026-06-02T14:00:00Z"});
}

TEST_CASE("window: where one span touches the next nothing changes, at midnight neither") {
  const SendWindow one_stretch = window("UTC", {"22:00-24:00", "02:00-03:00", "00:00-02:00", "12:00-12:01"});

  CHECK(changes(one_stretch, utc(2026, 6, 1, 13), 4) ==
        Instants{"2026-06-01T22:00:00Z", "2026-06-02T03:00:00Z", "2026-06-02T12:00:00Z",
                 "2026-06-02T12:01:00Z"});
}

TEST_CASE("window: a whole day never changes, in one span or in several") {
  CHECK(window_at(window("Europe/Berlin", {"00:00-24:00"}), utc(2026, 3, 29, 0)) == WindowState{});
  CHECK(window_at(window("Europe/Berlin", {"06:00-22:00", "22:00-06:00"}), utc(2026, 3, 29, 0)) ==
        WindowState{});
}

TEST_CASE("window: in the hour that spring leaves out nothing is open") {
  // Berlin, 2026-03-29: at 01:00 UTC the clocks go from 02:00 to 03:00.
  const UtcTime day_before = utc(2026, 3, 28, 12);

  CHECK(changes(window("Europe/Berlin", {"02:15-02:45"}), day_before, 2) ==
        Instants{"2026-03-30T00:15:00Z", "2026-03-30T00:45:00Z"});
  CHECK(changes(window("Europe/Berlin", {"01:30-02:30"}), day_before, 3) ==
        Instants{"2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", "2026-03-29T23:30:00Z"});
  CHECK(changes(window("Europe/Berlin", {"02:30-04:00"}), day_before, 3) ==
        Instants{"2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z", "2026-03-30T00:30:00Z"});
  CHECK(changes(window("Europe/Berlin", {"01:00-05:00"}), day_before, 2) ==
        Instants{"2026-03-29T00:00:00Z", "2026-03-29T03:00:00Z"});
}

TEST_CASE("window: the hour that autumn repeats is open both times") {
  // Berlin, 2026-10-25: at 01:00 UTC the clocks go from 03:00 back to 02:00.
  const UtcTime day_before = utc(2026, 10, 24, 12);

  CHECK(changes(window("Europe/Berlin", {"02:15-02:45"}), day_before, 4) ==
        Instants{"2026-10-25T00:15:00Z", "2026-10-25T00:45:00Z", "2026-10-25T01:15:00Z",
                 "2026-10-25T01:45:00Z"});
  CHECK(changes(window("Europe/Berlin", {"01:00-05:00"}), day_before, 2) ==
        Instants{"2026-10-24T23:00:00Z", "2026-10-25T04:00:00Z"});
}

TEST_CASE("window: where the clocks go back over an edge, what they show decides") {
  const UtcTime day_before = utc(2026, 10, 24, 12);

  CHECK(changes(window("Europe/Berlin", {"02:30-05:00"}), day_before, 4) ==
        Instants{"2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z",
                 "2026-10-25T04:00:00Z"});
  CHECK(changes(window("Europe/Berlin", {"01:00-02:30"}), day_before, 4) ==
        Instants{"2026-10-24T23:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z",
                 "2026-10-25T01:30:00Z"});
}

TEST_CASE("window: over midnight in New York, in both nights of the year that differ") {
  // 2026-03-08: at 07:00 UTC from 02:00 to 03:00. 2026-11-01: at 06:00 UTC from 02:00 back to 01:00.
  CHECK(changes(window("America/New_York", {"22:00-02:00"}), utc(2026, 3, 7, 18), 3) ==
        Instants{"2026-03-08T03:00:00Z", "2026-03-08T07:00:00Z", "2026-03-09T02:00:00Z"});
  CHECK(changes(window("America/New_York", {"22:00-01:30"}), utc(2026, 10, 31, 18), 5) ==
        Instants{"2026-11-01T02:00:00Z", "2026-11-01T05:30:00Z", "2026-11-01T06:00:00Z",
                 "2026-11-01T06:30:00Z", "2026-11-02T03:00:00Z"});
}

TEST_CASE("window: on Lord Howe the clocks are set by half an hour") {
  // 2026-10-04: at 15:30 UTC of the day before from 02:00 to 02:30.
  // 2026-04-05: at 15:00 UTC of the day before from 02:00 back to 01:30.
  CHECK(changes(window("Australia/Lord_Howe", {"02:00-02:30"}), utc(2026, 10, 3, 0), 2) ==
        Instants{"2026-10-04T15:00:00Z", "2026-10-04T15:30:00Z"});
  CHECK(changes(window("Australia/Lord_Howe", {"01:00-03:00"}), utc(2026, 10, 3, 0), 2) ==
        Instants{"2026-10-03T14:30:00Z", "2026-10-03T16:00:00Z"});
  CHECK(changes(window("Australia/Lord_Howe", {"01:45-02:15"}), utc(2026, 4, 4, 12), 4) ==
        Instants{"2026-04-04T14:45:00Z", "2026-04-04T15:00:00Z", "2026-04-04T15:15:00Z",
                 "2026-04-04T15:45:00Z"});
}

TEST_CASE("window: spans overlap if they share a minute, over midnight too") {
  const auto share = [](const std::string& a, const std::string& b) {
    const bool forth = overlap(parse_daily_span(a).value(), parse_daily_span(b).value());
    CHECK(forth == overlap(parse_daily_span(b).value(), parse_daily_span(a).value()));
    return forth;
  };

  CHECK(share("01:00-05:00", "04:59-06:00"));
  CHECK(share("22:00-02:00", "01:00-03:00"));
  CHECK(share("22:00-02:00", "23:00-01:00"));
  CHECK(share("00:00-24:00", "12:00-12:01"));
  CHECK_FALSE(share("01:00-05:00", "05:00-06:00"));
  CHECK_FALSE(share("22:00-02:00", "02:00-22:00"));
  CHECK_FALSE(share("22:00-24:00", "00:00-01:00"));
}

TEST_CASE("window: a span is two times of day, and the day ends at 24:00 in whichever way it is written") {
  CHECK(parse_daily_span("01:00-05:30") == DailySpan{60min, 330min});
  CHECK(parse_daily_span("22:00-04:00") == DailySpan{1320min, 240min});
  CHECK(parse_daily_span("00:00-24:00") == DailySpan{0min, 1440min});
  CHECK(parse_daily_span("22:00-00:00") == parse_daily_span("22:00-24:00"));
  for (const char* bad :
       {"", "-", "01:00", "1:00-05:00", "01:00-5:00", "01:00 - 05:00", "01:60-05:00", "24:00-05:00",
        "01:00-24:01", "05:00-05:00", "00:00-00:00", "01:00-05:00-", "01.00-05.00", "25:00-26:00"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_daily_span(bad).has_value());
  }
  CHECK(to_string(DailySpan{60min, 1440min}) == "01:00-24:00");
}

TEST_CASE("window: zones are known by their names in the database, and the machine's own is none of them") {
  CHECK(is_known_zone("Asia/Shanghai"));
  CHECK(is_known_zone("UTC"));
  for (const char* unknown : {"", "asia/shanghai", "Asia", "../Europe/Berlin", "localtime"}) {
    CAPTURE(unknown);
    CHECK_FALSE(is_known_zone(unknown));
  }
  CHECK(std::ranges::is_sorted(zone_names()));
}
