// SPDX-License-Identifier: MIT
#include "sluice/core/timetable.hpp"

#include <date/tz.h>

#include <algorithm>
#include <bit>

namespace sluice {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// A 29th of February that is a Sunday comes each 28 years, and after 40 if 2100 lies between.
constexpr days horizon{36'525};
constexpr hours largest_shift_made_up{3};

/// As long as a zone's clocks are not set, local time and ours run side by side.
struct Stretch {
  UtcTime begin;
  UtcTime end;
  seconds offset;
  seconds offset_before;  ///< of the stretch before

  UtcTime local(UtcTime time) const { return time + offset; }
  UtcTime utc(UtcTime local) const { return local - offset; }
  bool leaves_times_out() const { return offset > offset_before; }
  bool makes_up() const { return leaves_times_out() && offset - offset_before <= largest_shift_made_up; }
};

// The ends of the years that fit in microseconds are far outside of what a zone knows.
UtcTime in_range(date::sys_seconds time) {
  constexpr auto first = std::chrono::ceil<seconds>(UtcTime::min());
  constexpr auto last = std::chrono::floor<seconds>(UtcTime::max());
  return UtcTime{std::clamp(time, date::sys_seconds{first}, date::sys_seconds{last})};
}

Stretch stretch_at(const date::time_zone& zone, UtcTime time) {
  const date::sys_info here = zone.get_info(time);
  Stretch stretch{in_range(here.begin), in_range(here.end), here.offset, here.offset};
  if (stretch.begin > UtcTime{} - days{365'000}) {
    stretch.offset_before = zone.get_info(stretch.begin - seconds{1}).offset;
  }
  return stretch;
}

// The zones' files tell some changes that change no offset, only a name or whether it is summer time.
bool is_change(const Stretch& stretch) { return stretch.offset != stretch.offset_before; }

bool has(std::uint64_t set, unsigned value) { return (set >> value & 1) != 0; }

bool fits(const CronExpression& expression, std::chrono::year_month_day day, std::chrono::weekday weekday) {
  if (!has(expression.months, unsigned{day.month()})) return false;
  const bool fits_day = has(expression.days, unsigned{day.day()});
  const bool fits_weekday = has(expression.weekdays, weekday.c_encoding());
  return expression.must_fit_both_days ? fits_day && fits_weekday : fits_day || fits_weekday;
}

using LocalDay = std::chrono::sys_days;

/// The first day, not before that one, that fits and begins before `end`.
std::optional<LocalDay> next_day(const CronExpression& expression, LocalDay from, UtcTime end) {
  LocalDay day = from;
  while (day < end) {
    const std::chrono::year_month_day date{day};
    if (!has(expression.months, unsigned{date.month()})) {
      day = LocalDay{date.year() / date.month() / 1 + std::chrono::months{1}};
      continue;
    }
    if (fits(expression, date, std::chrono::weekday{day})) return day;
    day += days{1};
  }
  return std::nullopt;
}

/// The first value in a set that is not below that one.
std::optional<int> next_in(std::uint64_t set, int from) {
  const std::uint64_t rest = from < 64 ? set >> from << from : 0;
  if (rest == 0) return std::nullopt;
  return std::countr_zero(rest);
}

/// The first time of day that fits and is not before that one.
std::optional<minutes> next_time_of_day(const CronExpression& expression, minutes from) {
  const int from_hour = static_cast<int>(from / hours{1});
  if (has(expression.hours, static_cast<unsigned>(from_hour))) {
    if (const auto minute = next_in(expression.minutes, static_cast<int>(from.count() % 60)))
      return hours{from_hour} + minutes{*minute};
  }
  const auto hour = next_in(expression.hours, from_hour + 1);
  if (!hour) return std::nullopt;
  return hours{*hour} + minutes{std::countr_zero(expression.minutes)};
}

/// The first local time that fits, not before `from`, and before `end`.
std::optional<UtcTime> first_match(const CronExpression& expression, UtcTime from, UtcTime end) {
  from = std::chrono::ceil<minutes>(from);
  LocalDay day = std::chrono::floor<days>(from);
  minutes time_of_day = std::chrono::floor<minutes>(from - day);
  while (const auto found = next_day(expression, day, end)) {
    if (*found != day) time_of_day = minutes{0};
    if (const auto time = next_time_of_day(expression, time_of_day)) {
      const UtcTime match = *found + *time;
      if (match < end) return match;
      return std::nullopt;
    }
    day = *found + days{1};
    time_of_day = minutes{0};
  }
  return std::nullopt;
}

/// How many times of day fit, before that one.
std::int64_t times_before(const CronExpression& expression, minutes end) {
  const auto per_hour = std::popcount(expression.minutes);
  const auto whole_hours = static_cast<int>(end / hours{1});
  const std::uint32_t hours_before = expression.hours & ((std::uint32_t{1} << whole_hours) - 1);
  std::int64_t count = std::int64_t{std::popcount(hours_before)} * per_hour;
  if (has(expression.hours, static_cast<unsigned>(whole_hours)))
    count += std::popcount(expression.minutes & ((std::uint64_t{1} << (end.count() % 60)) - 1));
  return count;
}

/// How many local times fit, not before `from`, and before `end`.
std::int64_t count_matches(const CronExpression& expression, UtcTime from, UtcTime end) {
  from = std::chrono::ceil<minutes>(from);
  end = std::chrono::ceil<minutes>(end);
  std::int64_t count = 0;
  LocalDay day = std::chrono::floor<days>(from);
  while (const auto found = next_day(expression, day, end)) {
    const minutes first = std::chrono::floor<minutes>(std::max<UtcTime>(*found, from) - *found);
    const minutes last = std::chrono::floor<minutes>(std::min<UtcTime>(*found + days{1}, end) - *found);
    count += times_before(expression, last) - times_before(expression, first);
    day = *found + days{1};
  }
  return count;
}

/// The local times of a stretch that are looked at: what came twice is not looked at twice, if it is fixed.
UtcTime first_local(const CronExpression& expression, const Stretch& stretch) {
  const UtcTime shown_first = stretch.local(stretch.begin);
  if (!expression.is_fixed_time) return shown_first;
  return std::max(shown_first, stretch.begin + stretch.offset_before);
}

/// Whether a fixed time is left out at the stretch's begin, and is due there instead. If it would be due then
/// anyway, that is no matter of the gap.
bool is_made_up_at_begin(const CronExpression& expression, const Stretch& stretch) {
  if (!expression.is_fixed_time || !stretch.makes_up()) return false;
  return first_match(expression, stretch.begin + stretch.offset_before, stretch.local(stretch.begin))
             .has_value() &&
         !first_match(expression, stretch.local(stretch.begin),
                      stretch.local(stretch.begin) + microseconds{1});
}

std::optional<UtcTime> next_by_interval(const Timetable& timetable, UtcTime after) {
  const microseconds interval = timetable.expression.interval;
  if (after < timetable.anchor) return timetable.anchor + interval;
  return timetable.anchor + ((after - timetable.anchor) / interval + 1) * interval;
}

std::int64_t count_by_interval(const Timetable& timetable, UtcTime after, UtcTime to) {
  const microseconds interval = timetable.expression.interval;
  const auto up_to = [&](UtcTime time) {
    return time < timetable.anchor ? 0 : (time - timetable.anchor) / interval;
  };
  return up_to(to) - up_to(after);
}

}  // namespace

std::optional<UtcTime> next_tick(const Timetable& timetable, UtcTime after) {
  const CronExpression& expression = timetable.expression;
  if (expression.interval.count() > 0) return next_by_interval(timetable, after);
  const date::time_zone& zone = *date::locate_zone(timetable.zone);
  const UtcTime last = after + horizon;
  UtcTime at = after + microseconds{1};
  while (at < last) {
    const Stretch stretch = stretch_at(zone, at);
    if (at <= stretch.begin && is_made_up_at_begin(expression, stretch)) return stretch.begin;
    const UtcTime from = std::max(first_local(expression, stretch), stretch.local(at));
    if (const auto match = first_match(expression, from, stretch.local(std::min(stretch.end, last))))
      return stretch.utc(*match);
    at = stretch.end;
  }
  return std::nullopt;
}

std::int64_t count_ticks(const Timetable& timetable, UtcTime after, UtcTime to) {
  if (to <= after) return 0;
  const CronExpression& expression = timetable.expression;
  if (expression.interval.count() > 0) return count_by_interval(timetable, after, to);
  const date::time_zone& zone = *date::locate_zone(timetable.zone);
  const UtcTime end = to + microseconds{1};
  UtcTime at = after + microseconds{1};
  std::int64_t count = 0;
  while (at < end) {
    const Stretch stretch = stretch_at(zone, at);
    if (at <= stretch.begin && is_made_up_at_begin(expression, stretch)) ++count;
    const UtcTime from = std::max(first_local(expression, stretch), stretch.local(at));
    count += count_matches(expression, from, stretch.local(std::min(stretch.end, end)));
    at = stretch.end;
  }
  return count;
}

std::vector<UtcTime> last_ticks(const Timetable& timetable, UtcTime after, UtcTime to, std::int64_t max) {
  // The latest instant that has more than so many ticks behind it would leave out too many.
  UtcTime from = after;
  if (count_ticks(timetable, from, to) > max) {
    UtcTime too_late = to;
    while (too_late - from > microseconds{1}) {
      const UtcTime middle = from + (too_late - from) / 2;
      (count_ticks(timetable, middle, to) >= max ? from : too_late) = middle;
    }
  }
  std::vector<UtcTime> ticks;
  for (auto tick = next_tick(timetable, from); tick && *tick <= to; tick = next_tick(timetable, *tick)) {
    if (std::ssize(ticks) == max) break;
    ticks.push_back(*tick);
  }
  return ticks;
}

std::optional<ClockChange> next_clock_change(const std::string& name, UtcTime after, UtcTime to) {
  const date::time_zone& zone = *date::locate_zone(name);
  UtcTime at = stretch_at(zone, after).end;
  while (at <= to) {
    const Stretch stretch = stretch_at(zone, at);
    if (is_change(stretch)) return ClockChange{stretch.begin, stretch.offset_before, stretch.offset};
    at = stretch.end;
  }
  return std::nullopt;
}

UtcTime local_time(const std::string& zone, UtcTime time) {
  return time + date::locate_zone(zone)->get_info(time).offset;
}

std::optional<ClockChange> first_gap(const Timetable& timetable, UtcTime after, UtcTime to) {
  const CronExpression& expression = timetable.expression;
  if (!expression.is_fixed_time || expression.interval.count() > 0) return std::nullopt;
  auto change = next_clock_change(timetable.zone, after, to);
  while (change) {
    const UtcTime left_out = change->at + change->before;
    if (change->after > change->before && first_match(expression, left_out, change->at + change->after))
      return change;
    change = next_clock_change(timetable.zone, change->at, to);
  }
  return std::nullopt;
}

}  // namespace sluice
