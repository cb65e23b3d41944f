// SPDX-License-Identifier: MIT
// What may stand in a key: a pasted blank, a line end or a comment behind the value is found here, rather
// than by the cloud as a signature that does not match.
#pragma once

#include <algorithm>
#include <string_view>

namespace sluice {

inline bool is_key_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

inline constexpr std::string_view not_key_text = "has a blank or a character that no key has";

}  // namespace sluice
