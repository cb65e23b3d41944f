// SPDX-License-Identifier: MIT
#include "app/display_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "jobfile/utf8.hpp"

namespace sluice {
namespace {

constexpr std::string_view ellipsis = "…";

struct Range {
  char32_t first;
  char32_t last;
};

// A little generous on purpose: a symbol taken for wide costs a column, one taken for narrow breaks the line.
constexpr std::array<Range, 18> wide{{{0x1100, 0x115F},
                                      {0x2300, 0x23FF},
                                      {0x25A0, 0x27BF},
                                      {0x2B00, 0x2BFF},
                                      {0x2E80, 0x3247},
                                      {0x3248, 0xA4CF},
                                      {0xA960, 0xA97F},
                                      {0xAC00, 0xD7FB},
                                      {0xF900, 0xFAFF},
                                      {0xFE10, 0xFE1F},
                                      {0xFE30, 0xFE6F},
                                      {0xFF00, 0xFF60},
                                      {0xFFE0, 0xFFE6},
                                      {0x16FE0, 0x18DFF},
                                      {0x1AFF0, 0x1B2FF},
                                      {0x1D300, 0x1D37F},
                                      {0x1F000, 0x1FBFF},
                                      {0x20000, 0x3FFFD}}};

int width_of(char32_t code_point) {
  const bool is_wide = std::ranges::any_of(
      wide, [&](const Range& range) { return code_point >= range.first && code_point <= range.last; });
  return is_wide ? 2 : 1;
}

int take_width(std::string_view& rest) {
  const std::optional<CodePoint> point = first_code_point(rest);
  rest.remove_prefix(point ? point->bytes : 1);
  return point ? width_of(point->value) : 1;
}

}  // namespace

std::size_t plain_prefix(std::string_view text) {
  std::size_t plain = 0;
  while (plain < text.size() && text[plain] >= ' ' && text[plain] <= '~') ++plain;
  return plain;
}

int display_width(std::string_view text) {
  const std::size_t plain = plain_prefix(text);
  int columns = static_cast<int>(plain);
  text.remove_prefix(plain);
  while (!text.empty()) columns += take_width(text);
  return columns;
}

std::string fitted(std::string_view text, int columns) {
  if (columns <= 0) return {};
  if (display_width(text) <= columns) return std::string{text};
  std::string_view rest = text;
  std::size_t kept = 0;
  int used = 0;
  while (!rest.empty()) {
    used += take_width(rest);
    if (used > columns - 1) break;
    kept = text.size() - rest.size();
  }
  return std::string{text.substr(0, kept)}.append(ellipsis);
}

std::string padded(std::string_view text, int columns) {
  std::string result = fitted(text, columns);
  const int missing = columns - display_width(result);
  if (missing > 0) result.append(static_cast<std::size_t>(missing), ' ');
  return result;
}

std::vector<std::string> flowed(const std::vector<std::string>& items, int columns) {
  std::vector<std::string> lines;
  int used = 0;
  for (const std::string& item : items) {
    const int needed = display_width(item);
    if (!lines.empty() && used + 2 + needed <= columns) {
      lines.back().append("  ").append(item);
      used += 2 + needed;
    } else {
      lines.push_back(fitted(item, columns));
      used = std::min(needed, columns);
    }
  }
  return lines;
}

std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  const std::size_t sign = number < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > sign + 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string counted(std::int64_t number, std::string_view noun) {
  return fmt::format("{} {}{}", grouped(number), noun, number == 1 ? "" : "s");
}

std::string duration_text(std::chrono::nanoseconds duration) {
  using namespace std::chrono_literals;
  constexpr std::chrono::nanoseconds longest = 99 * 24h;
  if (duration <= 0ns) return "0s";
  if (duration >= longest) return "99d";
  const auto tenths = std::chrono::round<std::chrono::duration<std::int64_t, std::deci>>(duration).count();
  if (tenths < 100) return fmt::format("{}.{}s", tenths / 10, tenths % 10);

  const std::int64_t seconds = std::chrono::round<std::chrono::seconds>(duration).count();
  constexpr std::int64_t minute = 60, hour = 60 * minute, day = 24 * hour;
  if (seconds < minute) return fmt::format("{}s", seconds);
  if (seconds < hour) return fmt::format("{}m{:02}s", seconds / minute, seconds % minute);
  if (seconds < day) return fmt::format("{}h{:02}m", seconds / hour, seconds % hour / minute);
  return fmt::format("{}d{:02}h", seconds / day, seconds % day / hour);
}

std::string rate_text(double per_second) {
  if (!std::isfinite(per_second)) return "--";
  std::string text = fmt::format("{:.{}f}", per_second, per_second < 1 ? 3 : 1);
  if (text.find('.') == std::string::npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace sluice
