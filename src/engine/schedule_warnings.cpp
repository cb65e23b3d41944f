// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <bit>

#include "sluice/engine/schedule_control.hpp"

namespace sluice {
namespace {

using std::chrono::days;
using std::chrono::minutes;

/// "02:30 on 2027-03-28" of a local time.
std::string local_in_words(UtcTime local) {
  const std::string text = to_iso_seconds(local);
  return fmt::format("{} on {}", text.substr(11, 5), text.substr(0, 10));
}

void warn_of_gap(const Timetable& timetable, UtcTime now, std::vector<std::string>& warnings) {
  const auto gap = first_gap(timetable, now, now + days{366});
  if (!gap) return;
  const UtcTime last_before = gap->at + gap->before;
  const UtcTime first_after = gap->at + gap->after;
  warnings.push_back(fmt::format("in {} the clocks go from {} to {}: a time in between comes once, at {}",
                                 timetable.zone, local_in_words(last_before),
                                 to_iso_seconds(first_after).substr(11, 5),
                                 to_iso_seconds(first_after).substr(11, 5)));
}

/// The shortest time from one of the next ticks to the one after it.
std::optional<std::chrono::microseconds> shortest_interval(const Timetable& timetable, UtcTime now) {
  std::optional<std::chrono::microseconds> shortest;
  auto before = next_tick(timetable, now);
  for (int i = 0; i < 50 && before; ++i) {
    const auto next = next_tick(timetable, *before);
    if (!next) break;
    shortest = std::min(shortest.value_or(*next - *before), *next - *before);
    before = next;
  }
  return shortest;
}

}  // namespace

std::vector<std::string> schedule_warnings(const Schedule& schedule, const Timetable& timetable,
                                           UtcTime now) {
  std::vector<std::string> warnings;
  const auto first = next_tick(timetable, now);
  if (!first || (schedule.until && *first >= *schedule.until)) {
    warnings.emplace_back("there is no tick left before \"until\"");
    return warnings;
  }
  if (!timetable.expression.must_fit_both_days && timetable.expression.interval.count() == 0)
    warnings.emplace_back(
        "day of the month and weekday are both given: a day that fits either of them counts");
  if (schedule.start_deadline < minutes{1}) {
    warnings.emplace_back(
        "\"start_deadline\" is shorter than a restart may take: a tick that comes meanwhile is lost");
  }
  if (const auto shortest = shortest_interval(timetable, now); shortest && schedule.spread >= *shortest) {
    warnings.emplace_back("\"spread\" is as long as the time from one tick to the next, or longer");
  }
  warn_of_gap(timetable, now, warnings);
  return warnings;
}

}  // namespace sluice
