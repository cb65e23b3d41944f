// SPDX-License-Identifier: MIT
// UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace sluice {

struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 0;
};

/// The code point that `text` begins with; absent if `text` is empty or does not begin with valid UTF-8.
std::optional<CodePoint> first_code_point(std::string_view text);

/// Offset of the first byte that is not part of valid UTF-8; absent if everything is valid.
std::optional<std::size_t> first_invalid_utf8(std::string_view text);

/// Characters that a person cannot see or that change how others are shown: controls, line separators, marks
/// of writing direction, zero-width characters.
bool is_invisible(char32_t point);

/// Whether it is valid UTF-8 without anything invisible in it.
bool is_readable(std::string_view text);

}  // namespace sluice
