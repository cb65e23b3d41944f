// SPDX-License-Identifier: MIT
// The handler of Boost.JSON's parser: puts the tree together, and keeps in mind what may come next, so that a
// syntax error can be put into words.
#pragma once

#include <boost/json/basic_parser.hpp>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/jobfile/json_document.hpp"

namespace sluice {

/// What may stand at the next place that is neither blank nor comment.
enum class JsonExpected {
  value,
  value_or_bracket,  ///< right after '['
  value_after_comma,
  name_or_brace,  ///< right after '{'
  name_after_comma,
  colon,
  comma_or_brace,
  comma_or_bracket,
  nothing,  ///< the value is complete
};

class JsonTree {
 public:
  // The file's size is limited, so nothing in it needs a limit of its own.
  static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_object_size = max_array_size;
  static constexpr std::size_t max_string_size = max_array_size;
  static constexpr std::size_t max_key_size = max_array_size;
  using error_code = boost::json::error_code;
  using string_view = boost::json::string_view;

  explicit JsonTree(std::string_view text) : text_(text) {}

  /// Called before the bytes [begin, end) are given to the parser: the token that its events are about. A
  /// number's event only comes with the token that follows it, so its place is kept separately.
  void at_token(std::size_t begin, std::size_t end);
  void at_number(std::size_t begin, std::size_t end);
  /// Called after the parser has taken a ',' or ':'.
  void took_separator(char separator);

  JsonExpected expected() const { return expected_; }
  bool number_is_open() const { return number_is_open_; }
  std::size_t number_begin() const { return number_begin_; }
  JsonValue take_root() { return std::move(root_); }

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return open(JsonValue::Kind::object); }
  bool on_object_end(std::size_t, error_code&) { return close(); }
  bool on_array_begin(error_code&) { return open(JsonValue::Kind::array); }
  bool on_array_end(std::size_t, error_code&) { return close(); }
  bool on_key_part(string_view part, std::size_t, error_code&) { return append(part); }
  bool on_key(string_view part, std::size_t, error_code&);
  bool on_string_part(string_view part, std::size_t, error_code&) { return append(part); }
  bool on_string(string_view part, std::size_t, error_code&);
  bool on_number_part(string_view, error_code&) { return true; }
  bool on_int64(std::int64_t value, string_view, error_code&) { return number(static_cast<double>(value)); }
  bool on_uint64(std::uint64_t value, string_view, error_code&) { return number(static_cast<double>(value)); }
  bool on_double(double value, string_view, error_code&) { return number(value); }
  bool on_bool(bool value, error_code&);
  bool on_null(error_code&);
  bool on_comment_part(string_view, error_code&) { return true; }
  bool on_comment(string_view, error_code&) { return true; }

 private:
  /// A container that is not closed yet, and the name under which its next member will be kept.
  struct Open {
    JsonValue value;
    JsonValue::Member member;
  };

  bool open(JsonValue::Kind kind);
  bool close();
  bool append(string_view part);
  bool number(double rounded);
  JsonValue value_at_token(JsonValue::Kind kind) const;
  void add(JsonValue value);

  std::string_view text_;
  std::size_t token_begin_ = 0;
  std::size_t token_end_ = 0;
  std::size_t number_begin_ = 0;
  std::size_t number_end_ = 0;
  bool number_is_open_ = false;
  JsonExpected expected_ = JsonExpected::value;
  std::string string_;
  std::vector<Open> open_;
  JsonValue root_;
};

}  // namespace sluice
