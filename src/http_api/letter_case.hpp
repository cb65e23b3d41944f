// SPDX-License-Identifier: MIT
// Words that HTTP reads alike in capital and in small letters. ASCII alone, whatever the locale.
#pragma once

#include <algorithm>
#include <string_view>

namespace sluice {

inline bool equals_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace sluice
