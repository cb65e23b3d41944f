// SPDX-License-Identifier: MIT
#include "jobfile/utf8.hpp"

#include <algorithm>
#include <array>

namespace sluice {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

constexpr std::array invisible_ranges{
    Range{0x0000, 0x001F},    // C0 controls
    Range{0x007F, 0x009F},    // DEL and C1 controls, which some terminals obey
    Range{0x00AD, 0x00AD},    // soft hyphen
    Range{0x061C, 0x061C},    // Arabic letter mark
    Range{0x180E, 0x180E},    // Mongolian vowel separator
    Range{0x200B, 0x200F},    // zero-width characters, marks of direction
    Range{0x2028, 0x202E},    // line and paragraph separator, bidi embeddings and overrides
    Range{0x2060, 0x206F},    // word joiner, invisible operators, bidi isolates
    Range{0xFEFF, 0xFEFF},    // byte order mark
    Range{0xFFF9, 0xFFFB},    // interlinear annotation
    Range{0xE0000, 0xE007F},  // tags
};

std::size_t sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

bool is_scalar_of_length(char32_t value, std::size_t length) {
  if (length == 3) return value >= 0x800 && (value < 0xD800 || value > 0xDFFF);
  if (length == 4) return value >= 0x10000 && value <= 0x10FFFF;
  return true;
}

}  // namespace

std::optional<CodePoint> first_code_point(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = sequence_length(lead);
  if (length == 0 || length > text.size()) return std::nullopt;
  if (length == 1) return CodePoint{lead, 1};

  char32_t value = static_cast<char32_t>(lead & (0xFF >> (length + 1)));
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0) != 0x80) return std::nullopt;
    value = (value << 6) | (next & 0x3Fu);
  }
  if (!is_scalar_of_length(value, length)) return std::nullopt;
  return CodePoint{value, length};
}

std::optional<std::size_t> first_invalid_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      ++at;
      continue;
    }
    const auto point = first_code_point(text.substr(at));
    if (!point) return at;
    at += point->bytes;
  }
  return std::nullopt;
}

bool is_invisible(char32_t point) {
  return std::any_of(invisible_ranges.begin(), invisible_ranges.end(),
                     [point](const Range& range) { return point >= range.first && point <= range.last; });
}

bool is_readable(std::string_view text) {
  while (!text.empty()) {
    const auto point = first_code_point(text);
    if (!point || is_invisible(point->value)) return false;
    text.remove_prefix(point->bytes);
  }
  return true;
}

}  // namespace sluice
