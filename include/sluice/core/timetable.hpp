// SPDX-License-Identifier: MIT
// The instants at which a schedule is due: its ticks. Pure.
//
// In spring a zone's clocks leave times out, in autumn they show some twice. As cronie does it:
//   - A fixed time that is left out is due once, at the first instant after the gap. If several fall into one
//     gap, or the first minute after it is due anyway, that is one tick.
//   - A fixed time that comes twice is due when it comes first.
//   - A wildcard's time is due whenever a clock in the zone shows it: never in a gap, twice in an overlap. So
//     "*/10 * * * *" is due each ten real minutes through the night.
// Changes of more than three hours are corrections of the zone, as cronie has it: the times that are left out
// are left out (nothing was due on 30 December 2011 in Samoa, which went without that day). But where cronie
// would then repeat fixed times that come twice, they are due once here as well.
//
// Intervals know no zone: they are counted in real time from their anchor.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/core/cron.hpp"
#include "sluice/core/time.hpp"

namespace sluice {

/// Precondition of all below: is_known_zone(zone).
struct Timetable {
  CronExpression expression;
  std::string zone = "UTC";
  UtcTime anchor{};  ///< from which an interval is counted; itself no tick

  bool operator==(const Timetable&) const = default;
};

/// The first tick later than that. Absent: there is none within 100 years.
std::optional<UtcTime> next_tick(const Timetable& timetable, UtcTime after);

/// How many ticks there are later than `after`, up to `to` and including it. Its work grows with the days
/// between the two, not with the ticks.
std::int64_t count_ticks(const Timetable& timetable, UtcTime after, UtcTime to);

/// The last of those ticks, `max` at most, the oldest first.
std::vector<UtcTime> last_ticks(const Timetable& timetable, UtcTime after, UtcTime to, std::int64_t max);

/// A change of a zone's clocks.
struct ClockChange {
  UtcTime at;                   ///< the first instant of the new offset
  std::chrono::seconds before;  ///< the zone's offset from UTC
  std::chrono::seconds after;

  bool operator==(const ClockChange&) const = default;
};

/// The first change later than `after` and not later than `to`.
std::optional<ClockChange> next_clock_change(const std::string& zone, UtcTime after, UtcTime to);

/// What a clock there shows, as if it were UTC.
UtcTime local_time(const std::string& zone, UtcTime time);

/// The first fixed time that a change of the clocks leaves out later than `after` and not later than `to`.
/// Absent: there is none, or the expression is a wildcard's.
std::optional<ClockChange> first_gap(const Timetable& timetable, UtcTime after, UtcTime to);

}  // namespace sluice
