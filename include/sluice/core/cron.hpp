// SPDX-License-Identifier: MIT
// When a schedule is due, as an operator writes it. Pure; which instants that makes is timetable.hpp.
//
//   30 2 * * mon-fri     five fields: minute 0-59, hour 0-23, day of the month 1-31, month 1-12 or jan-dec,
//                        weekday 0-7 or sun-sat (0 and 7 are Sunday)
//   @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually
//   every 6h             a plain interval in s, m, h or d, counted from when the schedule was added
//
// A field is a list of parts: 5 and mon (one value), 1-5 (a range), * (all values), and */15, 10-40/15 and
// 10/15 (each so many; 10/15 goes to the field's end, which cronie refuses and others read so). Names may be
// in capitals. A range goes upwards; only Sunday may end it: fri-sun.
//
// Days: if both day fields are restricted, a day that fits either of them fits. If one of them begins with a
// star, a day must fit both, so that "*" restricts nothing. This is Vixie's rule, by the first letter: "*/2"
// begins with a star too.
//
// A time is fixed if neither the minute nor the hour begins with a star; else it is a wildcard's. cronie
// draws the line there (MIN_STAR and HR_STAR in its entry.c), and it decides what the clock changes of
// spring and autumn mean.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace sluice {

struct CronExpression {
  /// Bit n: the value n fits. Of weekdays, Sunday is 0 and only 0.
  std::uint64_t minutes = 0;
  std::uint32_t hours = 0;
  std::uint32_t days = 0;
  std::uint32_t months = 0;
  std::uint32_t weekdays = 0;
  bool must_fit_both_days = true;  ///< day of the month and weekday; else either of them
  bool is_fixed_time = false;
  std::chrono::seconds interval{0};  ///< not 0: "every …", and nothing above counts

  bool operator==(const CronExpression&) const = default;
};

/// Why a text is no expression.
struct CronFault {
  std::size_t offset = 0;  ///< in bytes, from the text's first one
  std::string text;        ///< what is wrong, and what to write instead; printable

  bool operator==(const CronFault&) const = default;
};

/// Refused, too, is what would never be due, such as the 30th of February.
std::variant<CronExpression, CronFault> parse_cron(std::string_view text);

}  // namespace sluice
