// SPDX-License-Identifier: MIT
// Where a list goes on, as a word that a client hands back as it got it. Clients need not know what is in it;
// whatever they make of it, it is a place in a list or it is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

struct Cursor {
  std::string list;                   ///< a word of a to z: a cursor of one list is none of another
  std::vector<std::int64_t> numbers;  ///< none is negative
  std::string text;

  bool operator==(const Cursor&) const = default;
};

/// Of letters, digits, '.' and '_' alone.
std::string cursor_word(const Cursor& cursor);

/// Absent: it is no cursor of this list with so many numbers.
std::optional<Cursor> cursor_from(std::string_view word, std::string_view list, std::size_t numbers);

/// Of a list that goes by name; nothing after nothing.
std::optional<Cursor> after_name(const std::string& list, const std::optional<std::string>& name);

}  // namespace sluice
