// SPDX-License-Identifier: MIT
#include "jobfile/json_tree.hpp"

#include <charconv>
#include <utility>

namespace sluice {

void JsonTree::at_token(std::size_t begin, std::size_t end) {
  token_begin_ = begin;
  token_end_ = end;
}

void JsonTree::at_number(std::size_t begin, std::size_t end) {
  number_begin_ = begin;
  number_end_ = end;
  number_is_open_ = true;
}

void JsonTree::took_separator(char separator) {
  if (separator == ':') {
    expected_ = JsonExpected::value;
  } else {
    const bool in_object = !open_.empty() && open_.back().value.kind == JsonValue::Kind::object;
    expected_ = in_object ? JsonExpected::name_after_comma : JsonExpected::value_after_comma;
  }
}

bool JsonTree::open(JsonValue::Kind kind) {
  open_.push_back({value_at_token(kind), {}});
  expected_ = kind == JsonValue::Kind::object ? JsonExpected::name_or_brace : JsonExpected::value_or_bracket;
  return true;
}

bool JsonTree::close() {
  JsonValue value = std::move(open_.back().value);
  open_.pop_back();
  value.end = token_end_;
  add(std::move(value));
  return true;
}

bool JsonTree::append(string_view part) {
  string_.append(part.data(), part.size());
  return true;
}

bool JsonTree::on_key(string_view part, std::size_t, error_code&) {
  append(part);
  open_.back().member.name = std::exchange(string_, {});
  open_.back().member.name_begin = token_begin_;
  expected_ = JsonExpected::colon;
  return true;
}

bool JsonTree::on_string(string_view part, std::size_t, error_code&) {
  append(part);
  JsonValue value = value_at_token(JsonValue::Kind::string);
  value.string = std::exchange(string_, {});
  add(std::move(value));
  return true;
}

bool JsonTree::number(double rounded) {
  JsonValue value;
  value.kind = JsonValue::Kind::number;
  value.begin = number_begin_;
  value.end = number_end_;
  // The parser's own double may be off by a bit, from_chars gives the nearest one. Beyond the range of a
  // double it gives nothing, and the parser's 0 or infinity is right.
  value.number = rounded;
  std::from_chars(text_.data() + number_begin_, text_.data() + number_end_, value.number);
  number_is_open_ = false;
  add(std::move(value));
  return true;
}

bool JsonTree::on_bool(bool boolean, error_code&) {
  JsonValue value = value_at_token(JsonValue::Kind::boolean);
  value.boolean = boolean;
  add(std::move(value));
  return true;
}

bool JsonTree::on_null(error_code&) {
  add(value_at_token(JsonValue::Kind::null));
  return true;
}

JsonValue JsonTree::value_at_token(JsonValue::Kind kind) const {
  JsonValue value;
  value.kind = kind;
  value.begin = token_begin_;
  value.end = token_end_;
  return value;
}

void JsonTree::add(JsonValue value) {
  if (open_.empty()) {
    root_ = std::move(value);
    expected_ = JsonExpected::nothing;
    return;
  }
  Open& parent = open_.back();
  if (parent.value.kind == JsonValue::Kind::array) {
    parent.value.elements.push_back(std::move(value));
    expected_ = JsonExpected::comma_or_bracket;
  } else {
    parent.member.value = std::move(value);
    parent.value.members.push_back(std::exchange(parent.member, {}));
    expected_ = JsonExpected::comma_or_brace;
  }
}

}  // namespace sluice
