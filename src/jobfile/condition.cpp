// SPDX-License-Identifier: MIT
#include "sluice/jobfile/condition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "jobfile/condition_words.hpp"
#include "jobfile/glob.hpp"
#include "jobfile/value_order.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {

/// Recursive descent; what does not fit is kept in fault_ and ends it.
class ConditionParser {
 public:
  explicit ConditionParser(std::string_view text) : text_(text) { advance(); }

  std::variant<Condition, ConditionFault> parse() {
    Node root = any(0);
    if (!fault_ && word_.kind != Word::Kind::end) {
      refuse(fmt::format("expected and, or, or the end, found {}", found()));
    }
    if (fault_) return *fault_;
    condition_.root_ = std::move(root);
    return std::move(condition_);
  }

 private:
  using Word = ConditionWord;
  using Node = Condition::Node;
  using Kind = Condition::Kind;
  using Part = Node (ConditionParser::*)(std::size_t depth);

  Node any(std::size_t depth) { return joined(Kind::any, "or", &ConditionParser::all, depth); }
  Node all(std::size_t depth) { return joined(Kind::all, "and", &ConditionParser::term, depth); }

  Node joined(Kind kind, std::string_view keyword, Part part, std::size_t depth) {
    Node node{.kind = kind};
    node.parts.push_back((this->*part)(depth));
    while (!fault_ && word_.is_keyword(keyword)) {
      advance();
      node.parts.push_back((this->*part)(depth));
    }
    return node.parts.size() == 1 ? std::move(node.parts.front()) : std::move(node);
  }

  Node term(std::size_t depth) {
    if (fault_) return {};
    const bool is_negation = word_.is_keyword("not");
    if (!is_negation && !word_.is_sign("(")) return comparison();
    if (depth == Condition::depth_max) {
      refuse(fmt::format("nested too deeply; expected at most {} levels", Condition::depth_max));
      return {};
    }
    advance();
    if (!is_negation) return closed(any(depth + 1));
    Node node{.kind = Kind::negation};
    node.parts.push_back(term(depth + 1));
    return node;
  }

  Node closed(Node node) {
    take_sign(")", "to close the parenthesis");
    return node;
  }

  Node comparison() {
    if (word_.kind != Word::Kind::column) {
      refuse(fmt::format("expected a column, not or a parenthesis, found {}", found()));
      return {};
    }
    if (++comparisons_ > Condition::comparisons_max) {
      refuse(fmt::format("expected at most {} comparisons", Condition::comparisons_max));
      return {};
    }
    Node node{.column = column_index(word_.text)};
    advance();
    if (fault_) return {};
    if (word_.is_keyword("in")) return one_of(std::move(node));
    if (word_.is_keyword("glob")) return matches(std::move(node));
    const std::optional<Kind> kind = comparison_kind();
    if (!kind && word_.is_keyword("not")) {
      refuse("not stands before the column: not site in ('a', 'b')");
      return {};
    }
    if (!kind) {
      refuse(fmt::format("expected = != < <= > >= in or glob after a column, found {}", found()));
      return {};
    }
    node.kind = *kind;
    advance();
    take_literal(node);
    return node;
  }

  std::optional<Kind> comparison_kind() const {
    static constexpr std::array<std::pair<std::string_view, Kind>, 6> signs{{{"=", Kind::equal},
                                                                             {"!=", Kind::unequal},
                                                                             {"<", Kind::less},
                                                                             {"<=", Kind::at_most},
                                                                             {">", Kind::more},
                                                                             {">=", Kind::at_least}}};
    for (const auto& [sign, kind] : signs) {
      if (word_.is_sign(sign)) return kind;
    }
    return std::nullopt;
  }

  Node one_of(Node node) {
    node.kind = Kind::one_of;
    advance();
    take_sign("(", "before the values, as in ('a', 'b')");
    take_literal(node);
    while (!fault_ && word_.is_sign(",")) {
      advance();
      take_literal(node);
    }
    return closed(std::move(node));
  }

  Node matches(Node node) {
    node.kind = Kind::matches;
    advance();
    if (!fault_ && word_.kind == Word::Kind::number) {
      refuse(fmt::format("expected a pattern in single quotes after glob, found {}", found()));
    }
    take_literal(node);
    return node;
  }

  void take_literal(Node& node) {
    if (fault_) return;
    if (word_.kind == Word::Kind::column) {
      refuse(fmt::format("expected a value, found the column {0}; text stands in single quotes: '{0}'",
                         printable(word_.text, 60)));
      return;
    }
    if (word_.kind != Word::Kind::text && word_.kind != Word::Kind::number) {
      refuse(fmt::format("expected a text in single quotes or a number, found {}", found()));
      return;
    }
    node.literals.push_back({word_.text, word_.kind == Word::Kind::number});
    advance();
  }

  void take_sign(std::string_view sign, std::string_view what_for) {
    if (fault_) return;
    if (!word_.is_sign(sign)) {
      refuse(fmt::format("expected {} {}, found {}", sign, what_for, found()));
      return;
    }
    advance();
  }

  std::size_t column_index(const std::string& name) {
    std::vector<std::string>& columns = condition_.columns_;
    const auto known = std::find(columns.begin(), columns.end(), name);
    const auto index = static_cast<std::size_t>(known - columns.begin());
    if (known == columns.end()) columns.push_back(name);
    return index;
  }

  void advance() {
    if (fault_) return;
    auto next = next_condition_word(text_, offset_);
    if (auto* fault = std::get_if<ConditionFault>(&next)) {
      fault_ = std::move(*fault);
    } else {
      word_ = std::get<Word>(std::move(next));
    }
  }

  void refuse(std::string text) {
    if (!fault_) fault_ = ConditionFault{word_.offset, std::move(text)};
  }

  std::string found() const {
    switch (word_.kind) {
      case Word::Kind::end:
        return "the end";
      case Word::Kind::text:
        return fmt::format("the text '{}'", printable(word_.text, 60));
      case Word::Kind::column:
      case Word::Kind::number:
      case Word::Kind::sign:
      case Word::Kind::keyword:
        break;
    }
    return printable(word_.text, 60);
  }

  std::string_view text_;
  std::size_t offset_ = 0;
  Word word_;
  std::size_t comparisons_ = 0;
  std::optional<ConditionFault> fault_;
  Condition condition_;
};

std::variant<Condition, ConditionFault> Condition::parse(std::string_view text) {
  return ConditionParser(text).parse();
}

bool Condition::holds_for(std::span<const ColumnValue> values) const { return holds(root_, values); }

bool Condition::holds(const Node& node, std::span<const ColumnValue> values) {
  const auto part_holds = [values](const Node& part) { return holds(part, values); };
  switch (node.kind) {
    case Kind::all:
      return std::all_of(node.parts.begin(), node.parts.end(), part_holds);
    case Kind::any:
      return std::any_of(node.parts.begin(), node.parts.end(), part_holds);
    case Kind::negation:
      return !part_holds(node.parts.front());
    default:
      return compare(node, values[node.column]);
  }
}

bool Condition::compare(const Node& node, const ColumnValue& value) {
  if (value.kind == ColumnValue::Kind::missing) return false;
  const auto order = [&value](const Literal& literal) -> std::partial_ordering {
    if (!literal.is_number) return compare_texts(value.text, literal.text);
    if (!is_number(value.text)) return std::partial_ordering::unordered;
    return compare_numbers(value.text, literal.text);
  };
  const Literal& first = node.literals.front();
  switch (node.kind) {
    case Kind::equal:
      return order(first) == 0;
    case Kind::unequal:
      return order(first) != 0;
    case Kind::less:
      return order(first) < 0;
    case Kind::at_most:
      return order(first) <= 0;
    case Kind::more:
      return order(first) > 0;
    case Kind::at_least:
      return order(first) >= 0;
    case Kind::one_of:
      return std::any_of(node.literals.begin(), node.literals.end(),
                         [&order](const Literal& literal) { return order(literal) == 0; });
    case Kind::matches:
      return matches_glob(value.text, first.text);
    case Kind::all:
    case Kind::any:
    case Kind::negation:
      break;
  }
  return false;
}

}  // namespace sluice
