// SPDX-License-Identifier: MIT
// Every change of every zone's clocks from 2020 to 2037, against a model that shares nothing with the code:
// it goes minute by minute, takes local time from the C library, and keeps a clock of its own in the manner
// of cronie, which is never set back and goes through each minute that was left out.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "sluice/core/time_zones.hpp"
#include "sluice/core/timetable.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

/// Some minute on a calendar.
struct Shown {
  int minute, hour, day, month, weekday;
};

struct Sample {
  std::string cron;
  bool is_fixed;
  std::function<bool(const Shown&)> fits;
};

/// The C library's zone, for as long as this lives.
class CZone {
 public:
  explicit CZone(const std::string& name) {
    if (const char* before = std::getenv("TZ")) before_ = before;
    setenv("TZ", (":" + name).c_str(), 1);
    tzset();
  }
  CZone(const CZone&) = delete;
  CZone& operator=(const CZone&) = delete;
  ~CZone() {
    before_.empty() ? unsetenv("TZ") : setenv("TZ", before_.c_str(), 1);
    tzset();
  }

  /// Minutes since 1970 on the zone's own clock, at so many UTC minutes.
  long shown(long minutes) const {
    const std::time_t seconds = minutes * 60;
    std::tm fields{};
    localtime_r(&seconds, &fields);
    return minutes + fields.tm_gmtoff / 60;
  }

 private:
  std::string before_;
};

Shown calendar(long local_minutes) {
  const std::time_t seconds = local_minutes * 60;
  std::tm fields{};
  gmtime_r(&seconds, &fields);
  return {fields.tm_min, fields.tm_hour, fields.tm_mday, fields.tm_mon + 1, fields.tm_wday};
}

/// A fixed time or a wildcard's that falls right into what the change leaves out or repeats.
std::vector<Sample> samples_for(const ClockChange& change) {
  const auto low = std::min(change.before, change.after);
  const auto width = std::max(change.before, change.after) - low;
  const long middle =
      std::chrono::floor<std::chrono::minutes>(change.at + low + width / 2).time_since_epoch() / 1min;
  const Shown inside = calendar(middle);
  const auto same_time = [inside](const Shown& now) {
    return now.minute == inside.minute && now.hour == inside.hour;
  };
  return {
      {std::to_string(inside.minute) + " " + std::to_string(inside.hour) + " * * *", true, same_time},
      {std::to_string(inside.minute) + " " + std::to_string(inside.hour) + " * * " +
           std::to_string(inside.weekday),
       true, [=](const Shown& now) { return same_time(now) && now.weekday == inside.weekday; }},
      {"*/10 * * * *", false, [](const Shown& now) { return now.minute % 10 == 0; }},
      {std::to_string(inside.minute) + " * * * *", false,
       [inside](const Shown& now) { return now.minute == inside.minute; }},
      {"*/20 " + std::to_string(inside.hour) + " * * *", false,
       [inside](const Shown& now) { return now.minute % 20 == 0 && now.hour == inside.hour; }},
      {"0 */2 * * *", false, [](const Shown& now) { return now.minute == 0 && now.hour % 2 == 0; }},
      {"0,30 0-3 * * *", true, [](const Shown& now) { return now.minute % 30 == 0 && now.hour <= 3; }},
      {"@daily", true, [](const Shown& now) { return now.minute == 0 && now.hour == 0; }},
  };
}

/// What the zone's clock shows, minute by minute, and what is on the calendar then.
struct Night {
  long from;                     // UTC minutes
  std::vector<long> shown;       // from there on
  long first_shown;              // the lowest of them
  std::vector<Shown> calendars;  // from there on

  const Shown& calendar_at(long local) const {
    return calendars[static_cast<std::size_t>(local - first_shown)];
  }
};

Night night_of(const CZone& zone, long from, long to) {
  Night night{from, {}, 0, {}};
  for (long now = from; now <= to; ++now) night.shown.push_back(zone.shown(now));
  const auto [lowest, highest] = std::ranges::minmax(night.shown);
  night.first_shown = lowest;
  for (long local = lowest; local <= highest; ++local) night.calendars.push_back(calendar(local));
  return night;
}

/// Ticks by the model, in UTC minutes.
std::vector<long> model_ticks(const Night& night, const Sample& sample) {
  std::vector<long> ticks;
  long run_to = night.shown.front();  // on the clock that is never set back
  for (std::size_t i = 1; i < night.shown.size(); ++i) {
    const long shown = night.shown[i];
    bool is_due = false;
    if (!sample.is_fixed) {
      is_due = sample.fits(night.calendar_at(shown));
    } else {
      for (; run_to < shown; ++run_to) is_due = sample.fits(night.calendar_at(run_to + 1)) || is_due;
    }
    if (is_due) ticks.push_back(night.from + static_cast<long>(i));
  }
  return ticks;
}

std::vector<long> our_ticks(const Timetable& timetable, long from, long to) {
  std::vector<long> ticks;
  const UtcTime end{std::chrono::minutes{to}};
  for (auto tick = next_tick(timetable, UtcTime{std::chrono::minutes{from}}); tick && *tick <= end;
       tick = next_tick(timetable, *tick)) {
    ticks.push_back(tick->time_since_epoch() / 1min);
  }
  return ticks;
}

const UtcTime first = from_iso_seconds("2020-01-01T00:00:00Z").value();
const UtcTime last = from_iso_seconds("2037-12-31T23:59:00Z").value();

}  // namespace

TEST_CASE("timetable: around every change of every zone's clocks it agrees with a minute-by-minute cronie") {
  int changes = 0;
  for (const std::string& name : zone_names()) {
    const CZone zone(name);
    for (auto change = next_clock_change(name, first, last); change;
         change = next_clock_change(name, change->at, last)) {
      ++changes;
      const long middle = change->at.time_since_epoch() / 1min;
      REQUIRE(zone.shown(middle) - zone.shown(middle - 1) != 1);
      const long from = middle - 4 * 60;
      const long to = middle + 27 * 60;
      const Night night = night_of(zone, from, to);
      for (const Sample& sample : samples_for(*change)) {
        const Timetable timetable{std::get<CronExpression>(parse_cron(sample.cron)), name, {}};
        const std::vector<long> expected = model_ticks(night, sample);
        const std::vector<long> found = our_ticks(timetable, from, to);
        const std::int64_t counted =
            count_ticks(timetable, UtcTime{std::chrono::minutes{from}}, UtcTime{std::chrono::minutes{to}});
        if (found == expected && counted == std::ssize(expected)) continue;
        CAPTURE(name);
        CAPTURE(sample.cron);
        CAPTURE(to_iso_seconds(change->at));
        CHECK(found == expected);
        CHECK(counted == std::ssize(expected));
      }
    }
  }
  // Europe alone has more.
  CHECK(changes > 2000);
}

TEST_CASE("timetable: no zone's clocks change by more than three hours from 2020 to 2037") {
  for (const std::string& name : zone_names()) {
    CAPTURE(name);
    for (auto change = next_clock_change(name, first, last); change;
         change = next_clock_change(name, change->at, last))
      CHECK(std::chrono::abs(change->after - change->before) <= 3h);
  }
}

TEST_CASE("timetable: a time in the gap is due exactly once, at its end, and one in the overlap once") {
  for (const std::string& name : zone_names()) {
    for (auto change = next_clock_change(name, first, last); change;
         change = next_clock_change(name, change->at, last)) {
      const Sample inside = samples_for(*change).front();
      const Timetable timetable{std::get<CronExpression>(parse_cron(inside.cron)), name, {}};
      const auto shift = change->after - change->before;
      // What was left out comes at the end of the gap; what is repeated came when it was shown first.
      const UtcTime due = shift > 0s ? change->at : next_tick(timetable, change->at + shift - 1us).value();
      const bool is_right = count_ticks(timetable, change->at - 10h, change->at + 10h) == 1 &&
                            next_tick(timetable, change->at - 10h) == due && (shift > 0s || due < change->at);
      if (is_right) continue;
      CAPTURE(name);
      CAPTURE(inside.cron);
      CAPTURE(to_iso_seconds(change->at));
      CHECK(is_right);
    }
  }
}
