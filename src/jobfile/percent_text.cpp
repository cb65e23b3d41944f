// SPDX-License-Identifier: MIT
#include "jobfile/percent_text.hpp"

#include <charconv>
#include <cstdint>

namespace sluice {
namespace {

std::optional<std::int64_t> whole(std::string_view digits) {
  constexpr std::size_t digits_max = 3;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool is_number = error == std::errc{} && end == digits.data() + digits.size();
  if (digits.empty() || digits.size() > digits_max || digits.front() == '-' || !is_number)
    return std::nullopt;
  return value;
}

}  // namespace

std::optional<Percent> parse_percent_number(std::string_view spelling) {
  const std::size_t point = spelling.find('.');
  const std::optional<std::int64_t> ones = whole(spelling.substr(0, point));
  if (!ones) return std::nullopt;
  std::int64_t hundredths = *ones * 100;
  if (point != spelling.npos) {
    const std::string_view behind = spelling.substr(point + 1);
    const std::optional<std::int64_t> fraction = whole(behind);
    if (!fraction || behind.size() > 2) return std::nullopt;
    hundredths += behind.size() == 1 ? *fraction * 10 : *fraction;
  }
  if (hundredths > everything.hundredths) return std::nullopt;
  return Percent{hundredths};
}

std::optional<Percent> parse_percent(std::string_view text) {
  if (!text.ends_with('%')) return std::nullopt;
  return parse_percent_number(text.substr(0, text.size() - 1));
}

}  // namespace sluice
