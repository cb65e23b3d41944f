// SPDX-License-Identifier: MIT
// What a fuzz target asserts: a claim that does not hold ends the process, and libFuzzer keeps the input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace sluice::fuzz {

/// Ends the process unless the claim holds. @param about what was looked at, for the person who reads it
inline void claim(bool holds, std::string_view sentence, std::string_view about = {}) {
  if (holds) return;
  std::fprintf(stderr, "This does not hold: %.*s\n", static_cast<int>(sentence.size()), sentence.data());
  if (!about.empty()) std::fprintf(stderr, "Of: %.*s\n", static_cast<int>(about.size()), about.data());
  std::abort();
}

inline std::string_view text_of(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

/// What stands before the first line break, and what stands after it. No line break: all of it is the line.
struct FirstLine {
  std::string_view line;
  std::string_view rest;
};

inline FirstLine split_first_line(std::string_view text) {
  const std::size_t end = text.find('\n');
  if (end == text.npos) return {text, {}};
  return {text.substr(0, end), text.substr(end + 1)};
}

/// Nothing in it can steer a terminal: no byte below a blank, no DEL, and none of the control characters
/// that take two bytes in UTF-8.
inline bool is_free_of_controls(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x20 || byte == 0x7F) return false;
    if (byte == 0xC2 && at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xA0) return false;
  }
  return true;
}

}  // namespace sluice::fuzz
