// SPDX-License-Identifier: MIT
#include "sluice/core/time.hpp"

#include <fmt/format.h>

#include <charconv>

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

std::optional<UtcTime> from_iso_seconds(std::string_view text) {
  constexpr std::string_view shape = "0000-00-00T00:00:00Z";
  if (text.size() != shape.size()) return std::nullopt;
  const auto number_at = [text](std::size_t begin, std::size_t digits) {
    int value = -1;
    std::from_chars(text.data() + begin, text.data() + begin + digits, value);
    return value;
  };
  const std::chrono::year_month_day date{std::chrono::year{number_at(0, 4)},
                                         std::chrono::month{static_cast<unsigned>(number_at(5, 2))},
                                         std::chrono::day{static_cast<unsigned>(number_at(8, 2))}};
  const UtcTime time = std::chrono::sys_days{date} + std::chrono::hours{number_at(11, 2)} +
                       std::chrono::minutes{number_at(14, 2)} + std::chrono::seconds{number_at(17, 2)};
  // Whatever is not written so, from a sign to the 30th of February, comes out as something else.
  if (to_iso_seconds(time) != text) return std::nullopt;
  return time;
}

std::string to_rfc3339(UtcTime time) {
  const Calendar at = calendar_of(time);
  return fmt::format("{}.{:03}Z", date_and_seconds(at), at.time.subseconds().count());
}

}  // namespace sluice
