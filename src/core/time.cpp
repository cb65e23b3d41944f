// SPDX-License-Identifier: MIT
#include "sluice/core/time.hpp"

#include <fmt/format.h>

namespace sluice {
namespace {

struct Calendar {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<std::chrono::milliseconds> time;
};

Calendar calendar_of(UtcTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const auto since_midnight = std::chrono::floor<std::chrono::milliseconds>(time - day);
  return {std::chrono::year_month_day{day}, std::chrono::hh_mm_ss{since_midnight}};
}

std::string date_and_seconds(const Calendar& at) {
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(at.date.year()),
                     static_cast<unsigned>(at.date.month()), static_cast<unsigned>(at.date.day()),
                     at.time.hours().count(), at.time.minutes().count(), at.time.seconds().count());
}

}  // namespace

std::string to_iso_seconds(UtcTime time) { return date_and_seconds(calendar_of(time)) + "Z"; }

std::string to_rfc3339(UtcTime time) {
  const Calendar at = calendar_of(time);
  return fmt::format("{}.{:03}Z", date_and_seconds(at), at.time.subseconds().count());
}

}  // namespace sluice
