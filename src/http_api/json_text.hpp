// SPDX-License-Identifier: MIT
// Writes JSON straight into a string: the form of all machine output. Streams of rows use it without ever
// building a tree. Untrusted text is always welcome: what is not UTF-8 becomes U+FFFD, and what could steer a
// terminal is written as \uXXXX, so the output is valid JSON and harmless to look at whatever went in.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {

/// The number at the top of every machine-readable document of ours.
inline constexpr int json_schema_version = 1;

class JsonText {
 public:
  JsonText& begin_object() { return begin('{'); }
  JsonText& end_object() { return end('}'); }
  JsonText& begin_array() { return begin('['); }
  JsonText& end_array() { return end(']'); }

  JsonText& key(std::string_view name);

  JsonText& value(std::string_view text);
  JsonText& value(const char* text) { return value(std::string_view{text}); }
  JsonText& value(const std::string& text) { return value(std::string_view{text}); }
  JsonText& value(std::same_as<bool> auto truth) { return literal(truth ? "true" : "false"); }
  JsonText& value(std::signed_integral auto number) { return integer(static_cast<std::int64_t>(number)); }
  /// In the shortest form that reads back the same; null if not finite.
  JsonText& value(double number);
  JsonText& null() { return literal("null"); }

  /// A number with exactly so many decimals; null if not finite.
  JsonText& decimal(double number, int decimals);

  template <class T>
  JsonText& value(const std::optional<T>& maybe) {
    return maybe ? value(*maybe) : null();
  }

  template <class T>
  JsonText& member(std::string_view name, const T& content) {
    return key(name).value(content);
  }

  /// The next value of the array begins a line.
  JsonText& break_line();
  /// Ends the line; the next value is a document of its own, as in NDJSON.
  JsonText& end_document();

  const std::string& text() const { return text_; }
  std::string take() { return std::exchange(text_, {}); }

  /// Forgets the text written so far, which has gone out, and goes on where it stood.
  void drop_written() { text_.clear(); }

 private:
  JsonText& begin(char bracket);
  JsonText& end(char bracket);
  JsonText& literal(std::string_view token);
  JsonText& integer(std::int64_t number);
  void separate();

  std::string text_;
  bool needs_comma_ = false;
};

}  // namespace sluice
