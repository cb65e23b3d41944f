// SPDX-License-Identifier: MIT
#include "http_api/resources/cursor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>

namespace sluice {
namespace {

constexpr std::size_t word_bytes_max = 1024;

/// Takes what stands before the next dot off the rest.
std::string_view take_part(std::string_view& rest) {
  const std::size_t dot = std::min(rest.find('.'), rest.size());
  const std::string_view part = rest.substr(0, dot);
  rest.remove_prefix(std::min(dot + 1, rest.size()));
  return part;
}

std::optional<std::int64_t> number_from(std::string_view digits, int base) {
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  const bool is_whole = problem == std::errc{} && end == digits.data() + digits.size();
  // The largest is left out, so that the place after a place is one, too.
  if (!is_whole || number < 0 || number == std::numeric_limits<std::int64_t>::max()) return std::nullopt;
  return number;
}

std::optional<std::string> text_from(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string text;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const std::optional<std::int64_t> byte = number_from(hex.substr(i, 2), 16);
    if (!byte) return std::nullopt;
    text += static_cast<char>(*byte);
  }
  return text;
}

}  // namespace

std::string cursor_word(const Cursor& cursor) {
  std::string word = cursor.list;
  for (const std::int64_t number : cursor.numbers) fmt::format_to(std::back_inserter(word), ".{}", number);
  word += '.';
  for (const char byte : cursor.text) {
    fmt::format_to(std::back_inserter(word), "{:02x}", static_cast<unsigned char>(byte));
  }
  return word;
}

std::optional<Cursor> cursor_from(std::string_view word, std::string_view list, std::size_t numbers) {
  if (word.size() > word_bytes_max || take_part(word) != list) return std::nullopt;
  Cursor cursor{.list = std::string{list}, .numbers = {}, .text = {}};
  for (std::size_t i = 0; i < numbers; ++i) {
    const std::optional<std::int64_t> number = number_from(take_part(word), 10);
    if (!number) return std::nullopt;
    cursor.numbers.push_back(*number);
  }
  std::optional<std::string> text = text_from(word);
  if (!text) return std::nullopt;
  cursor.text = *std::move(text);
  return cursor;
}

std::optional<Cursor> after_name(const std::string& list, const std::optional<std::string>& name) {
  if (!name) return std::nullopt;
  return Cursor{.list = list, .numbers = {}, .text = *name};
}

}  // namespace sluice
