// SPDX-License-Identifier: MIT
// The words and signs that a condition consists of.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "sluice/jobfile/condition.hpp"

namespace sluice {

struct ConditionWord {
  enum class Kind { column, text, number, sign, keyword, end };

  Kind kind = Kind::end;
  std::size_t offset = 0;
  std::string text;  ///< of a column or text without its quotes; a keyword in lower case
  bool is_quoted = false;

  bool is(Kind wanted, std::string_view what) const { return kind == wanted && text == what; }
  bool is_sign(std::string_view what) const { return is(Kind::sign, what); }
  bool is_keyword(std::string_view what) const { return is(Kind::keyword, what); }
};

/// The word that begins at `offset` or after the blanks there; `offset` is moved behind it.
std::variant<ConditionWord, ConditionFault> next_condition_word(std::string_view text, std::size_t& offset);

}  // namespace sluice
