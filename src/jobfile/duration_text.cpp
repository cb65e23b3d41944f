// SPDX-License-Identifier: MIT
#include "jobfile/duration_text.hpp"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace sluice {
namespace {

struct Unit {
  std::string_view name;
  std::size_t digits_max;
  std::chrono::milliseconds length;
};

constexpr std::array<Unit, 5> units{{{"ms", 9, std::chrono::milliseconds{1}},
                                     {"s", 7, std::chrono::seconds{1}},
                                     {"m", 6, std::chrono::minutes{1}},
                                     {"h", 4, std::chrono::hours{1}},
                                     {"d", 3, std::chrono::hours{24}}}};

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  std::int64_t count = 0;
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
    if (digits == 9) return std::nullopt;
    count = count * 10 + (text[digits] - '0');
    ++digits;
  }
  if (digits == 0 || text[0] == '0') return std::nullopt;
  for (const Unit& unit : units) {
    if (text.substr(digits) == unit.name && digits <= unit.digits_max) return count * unit.length;
  }
  return std::nullopt;
}

std::string exact_duration_text(std::chrono::milliseconds duration) {
  std::string text;
  for (const Unit& unit : units) {
    if (duration % unit.length == std::chrono::milliseconds{0})
      text = fmt::format("{}{}", duration / unit.length, unit.name);
  }
  return text;
}

}  // namespace sluice
