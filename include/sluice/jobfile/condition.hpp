// SPDX-License-Identifier: MIT
// The `where` of a job's targets: a condition over the columns of a device list, as an expression that is
// parsed once and then asked about each device. Pure.
//
//   site = 'hamburg' and fw < '2.10.0' and not (hw in ('v1', 'v2') or "serial no" glob 'A1-*')
//
//   column      a name of letters, digits and _ . - that begins with a letter or _; any other in "double
//   quotes" comparison  column = != < <= > >= 'text' or number; column in (…, …); column glob 'pattern'
//   joined by   not, and, or (in this order), and parentheses; keywords in upper or lower case
//   'text'      a quote in it is doubled: 'it''s'
//   pattern     * any text, ? any one character, [a-z] one of these, [!a-z] none of these, \ takes the next
//   as is
//
// How a value compares:
//   - with a number: as numbers. A value that does not read as one is `!=` to it, and neither more nor less.
//   - with a text, if both are numbers with dots, as versions: part by part, and fewer parts come first
//     (2.9.1 < 2.10 < 2.10.0, and 9 < 10). Else byte by byte; a number or boolean of NDJSON then is as it is
//     spelled. `=` and `!=` ask for the very same text: 2.10 is not 2.10.0.
// A missing value (an empty CSV field, a member that is null or absent) makes every comparison false, `!=`,
// `in` and `glob` included; so `not` of it is true: `not site glob '*'` finds the devices without a site.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sluice/jobfile/device_record.hpp"

namespace sluice {

/// Why a text is no condition.
struct ConditionFault {
  std::size_t offset = 0;  ///< in bytes, from the text's first one
  std::string text;        ///< what is wrong, what is expected; printable
};

class Condition {
 public:
  /// How deep parentheses and `not` may be nested, and how many comparisons there may be.
  static constexpr std::size_t depth_max = 64;
  static constexpr std::size_t comparisons_max = 1000;

  static std::variant<Condition, ConditionFault> parse(std::string_view text);

  /// The columns that are used, each once, in the order of their first use.
  const std::vector<std::string>& columns() const { return columns_; }

  /// @param values one for each of columns(), in their order
  bool holds_for(std::span<const ColumnValue> values) const;

 private:
  friend class ConditionParser;

  enum class Kind { all, any, negation, equal, unequal, less, at_most, more, at_least, one_of, matches };

  struct Literal {
    std::string text;
    bool is_number = false;
  };

  struct Node {
    Kind kind = Kind::all;
    std::vector<Node> parts;  // of all, any and negation
    std::size_t column = 0;   // of a comparison, an index into columns_
    std::vector<Literal> literals;
  };

  static bool holds(const Node& node, std::span<const ColumnValue> values);
  static bool compare(const Node& node, const ColumnValue& value);

  Node root_;
  std::vector<std::string> columns_;
};

}  // namespace sluice
