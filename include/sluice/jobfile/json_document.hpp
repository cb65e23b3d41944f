// SPDX-License-Identifier: MIT
// JSON as a person writes it, with the place of everything: `//` comments, trailing commas, duplicate keys
// kept. Boost.JSON does the parsing; what is added here is where each value stands and how it was spelled.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/core/result.hpp"

namespace sluice {

struct Place {
  std::size_t line = 1;
  std::size_t column = 1;  ///< in bytes… of UTF-8, first is 1

  bool operator==(const Place&) const = default;
};

/// One finding about a file: printed as "file:line:column: field: text".
struct Finding {
  Place place;
  std::string field;  ///< e.g. "call.args"; may be empty
  std::string text;   ///< what is wrong, what is expected

  bool operator==(const Finding&) const = default;
};

/// All findings, one a line, in the order of their places.
std::string to_string(std::string_view file, const std::vector<Finding>& findings);

struct JsonValue {
  enum class Kind { null, boolean, number, string, array, object };
  struct Member;

  Kind kind = Kind::null;
  std::size_t begin = 0;  ///< byte offset of the value's first byte
  std::size_t end = 0;    ///< one past its last byte
  bool boolean = false;
  double number = 0;   ///< nearest double; the exact spelling is in the text
  std::string string;  ///< unescaped
  std::vector<JsonValue> elements;
  std::vector<Member> members;  ///< in the author's order, duplicates included

  /// The first member of that name; nullptr: there is none.
  const JsonValue* find(std::string_view name) const;
};

struct JsonValue::Member {
  std::string name;
  std::size_t name_begin = 0;
  JsonValue value;
};

struct JsonLimits {
  std::size_t bytes_max = 1024 * 1024;
  std::size_t depth_max = 32;
};

class JsonDocument {
 public:
  /// Fails with the findings that make the text unreadable (as one Error, formatted with `file`).
  static Result<JsonDocument> parse(std::string file, std::string text, JsonLimits limits = {});

  const JsonValue& root() const { return root_; }
  std::string_view file() const { return file_; }
  std::string_view text_of(const JsonValue& value) const;
  Place place_of(std::size_t offset) const;

 private:
  std::string file_;
  std::string text_;
  std::vector<std::size_t> line_begins_;  // offset of each line's first byte
  JsonValue root_;
};

}  // namespace sluice
