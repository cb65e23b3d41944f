// SPDX-License-Identifier: MIT
#include "jobfile/glob.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "jobfile/utf8.hpp"

namespace sluice {
namespace {

/// The text's first character; a byte that is no UTF-8 stands for itself, beyond all characters there are.
struct First {
  char32_t character = 0;
  std::size_t bytes = 1;
};

First first_of(std::string_view text) {
  if (const auto point = first_code_point(text)) return {static_cast<char32_t>(point->value), point->bytes};
  return {0x110000U + static_cast<unsigned char>(text.front()), 1};
}

/// What one step of a pattern asks of one character.
struct Step {
  bool fits = false;
  std::size_t bytes = 1;  // of the pattern
};

/// "[a-z]" at the pattern's begin; absent: it is not closed.
std::optional<Step> bracket(std::string_view pattern, char32_t character) {
  std::size_t at = 1;
  const bool is_negated = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
  if (is_negated) ++at;
  bool is_one_of = false;
  for (bool is_first = true; at < pattern.size(); is_first = false) {
    if (pattern[at] == ']' && !is_first) return Step{is_one_of != is_negated, at + 1};
    if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
    const First low = first_of(pattern.substr(at));
    at += low.bytes;
    char32_t high = low.character;
    if (at + 1 < pattern.size() && pattern[at] == '-' && pattern[at + 1] != ']') {
      const First last = first_of(pattern.substr(at + 1));
      high = last.character;
      at += 1 + last.bytes;
    }
    is_one_of = is_one_of || (low.character <= character && character <= high);
  }
  return std::nullopt;
}

/// @param pattern not empty, not beginning with *
Step step(std::string_view pattern, char32_t character) {
  if (pattern.front() == '?') return {true, 1};
  if (pattern.front() == '[') {
    if (const auto found = bracket(pattern, character)) return *found;
  }
  const std::size_t escape = pattern.front() == '\\' && pattern.size() > 1 ? 1 : 0;
  const First wanted = first_of(pattern.substr(escape));
  return {wanted.character == character, escape + wanted.bytes};
}

}  // namespace

bool matches_glob(std::string_view text, std::string_view pattern) {
  // Only the last * seen needs to be given more: whatever an earlier one could take, this one can as well.
  std::optional<std::string_view> after_star;
  std::string_view retry_text;
  while (!text.empty()) {
    if (pattern.starts_with('*')) {
      pattern.remove_prefix(1);
      after_star = pattern;
      retry_text = text;
      continue;
    }
    const First character = first_of(text);
    const Step taken = pattern.empty() ? Step{false, 0} : step(pattern, character.character);
    if (taken.fits) {
      text.remove_prefix(character.bytes);
      pattern.remove_prefix(taken.bytes);
    } else if (after_star) {
      retry_text.remove_prefix(first_of(retry_text).bytes);
      text = retry_text;
      pattern = *after_star;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*') == pattern.npos;
}

}  // namespace sluice
