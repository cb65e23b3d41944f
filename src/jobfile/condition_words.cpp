// SPDX-License-Identifier: MIT
#include "jobfile/condition_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "jobfile/utf8.hpp"
#include "jobfile/value_order.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

using Kind = ConditionWord::Kind;
using Outcome = std::variant<ConditionWord, ConditionFault>;

constexpr std::array<std::string_view, 5> keywords{"and", "or", "not", "in", "glob"};
// The longer ones first: "<=" is not "<" and "=".
constexpr std::array<std::string_view, 9> signs{"!=", "<=", ">=", "=", "<", ">", "(", ")", ","};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_of_word(char c) { return is_letter(c) || is_digit(c) || c == '.' || c == '-'; }

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::size_t end_of_run(std::string_view text, std::size_t at, bool (*belongs)(char)) {
  while (at < text.size() && belongs(text[at])) ++at;
  return at;
}

Outcome quoted(std::string_view text, std::size_t& offset) {
  const std::size_t begin = offset;
  const char quote = text[begin];
  ConditionWord word{quote == '"' ? Kind::column : Kind::text, begin, "", true};
  for (std::size_t at = begin + 1; at < text.size(); ++at) {
    if (text[at] != quote) {
      word.text += text[at];
    } else if (at + 1 < text.size() && text[at + 1] == quote) {
      word.text += text[at++];
    } else {
      offset = at + 1;
      return word;
    }
  }
  return ConditionFault{begin, fmt::format("this {} is not closed; expected {} at its end",
                                           quote == '"' ? "column" : "text", quote)};
}

Outcome bare_word(std::string_view text, std::size_t& offset) {
  const std::size_t begin = offset;
  offset = end_of_run(text, begin, is_of_word);
  const std::string_view word = text.substr(begin, offset - begin);
  const std::string lower = lower_case(word);
  if (std::find(keywords.begin(), keywords.end(), lower) != keywords.end())
    return ConditionWord{Kind::keyword, begin, lower};
  return ConditionWord{Kind::column, begin, std::string(word)};
}

Outcome number(std::string_view text, std::size_t& offset) {
  const std::size_t begin = offset;
  const bool is_signed = text[begin] == '-' || text[begin] == '+';
  offset = end_of_run(text, begin + (is_signed ? 1 : 0), is_of_word);
  // The sign of an exponent.
  if (offset < text.size() && text[offset] == '+' && (text[offset - 1] | 0x20) == 'e')
    offset = end_of_run(text, offset + 1, is_of_word);
  const std::string_view word = text.substr(begin, offset - begin);
  if (is_number(word)) return ConditionWord{Kind::number, begin, std::string(word)};
  return ConditionFault{
      begin, fmt::format("{0} is not a number; a version or another text stands in single quotes: '{0}'",
                         printable(word, 60))};
}

}  // namespace

std::variant<ConditionWord, ConditionFault> next_condition_word(std::string_view text, std::size_t& offset) {
  offset = std::min(text.size(), text.find_first_not_of(" \t\r\n", offset));
  if (offset == text.size()) return ConditionWord{Kind::end, offset, ""};
  const char first = text[offset];
  if (first == '\'' || first == '"') return quoted(text, offset);
  if (is_letter(first)) return bare_word(text, offset);
  if (is_digit(first) || first == '-' || first == '+' || first == '.') return number(text, offset);
  for (const std::string_view sign : signs) {
    if (!text.substr(offset).starts_with(sign)) continue;
    const std::size_t begin = offset;
    offset += sign.size();
    return ConditionWord{Kind::sign, begin, std::string(sign)};
  }
  const auto point = first_code_point(text.substr(offset));
  return ConditionFault{
      offset, fmt::format("'{}' has no place in a condition; expected a column, a comparison, and, or, not",
                          printable(text.substr(offset, point ? point->bytes : 1)))};
}

}  // namespace sluice
