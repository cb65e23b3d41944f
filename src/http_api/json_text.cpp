// SPDX-License-Identifier: MIT
#include "http_api/json_text.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "jobfile/utf8.hpp"

namespace sluice {
namespace {

constexpr std::string_view replacement_character = "\xEF\xBF\xBD";  // U+FFFD

void append_escape(std::string& out, char32_t code_point) {
  switch (code_point) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  if (code_point > 0xFFFF) {
    const char32_t beyond = code_point - 0x10000;
    append_escape(out, 0xD800 + (beyond >> 10U));
    append_escape(out, 0xDC00 + (beyond & 0x3FFU));
    return;
  }
  fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<std::uint32_t>(code_point));
}

// How many bytes at the front stand in JSON as they are. ASCII only: the rest is looked at one by one.
std::size_t unescaped_prefix(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && text[length] >= ' ' && text[length] <= '~' && text[length] != '"' &&
         text[length] != '\\') {
    ++length;
  }
  return length;
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::size_t plain = unescaped_prefix(text);
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const std::optional<CodePoint> point = first_code_point(text);
    if (!point) {
      out += replacement_character;
    } else if (is_invisible(point->value) || point->value == '"' || point->value == '\\') {
      append_escape(out, point->value);
    } else {
      out += text.substr(0, point->bytes);
    }
    text.remove_prefix(point ? point->bytes : 1);
  }
  out += '"';
}

}  // namespace

JsonText& JsonText::key(std::string_view name) {
  separate();
  append_quoted(text_, name);
  text_ += ':';
  needs_comma_ = false;
  return *this;
}

JsonText& JsonText::value(std::string_view text) {
  separate();
  append_quoted(text_, text);
  return *this;
}

JsonText& JsonText::value(double number) {
  if (!std::isfinite(number)) return null();
  separate();
  fmt::format_to(std::back_inserter(text_), "{}", number);
  return *this;
}

JsonText& JsonText::decimal(double number, int decimals) {
  if (!std::isfinite(number)) return null();
  separate();
  fmt::format_to(std::back_inserter(text_), "{:.{}f}", number, decimals);
  return *this;
}

JsonText& JsonText::break_line() {
  text_ += needs_comma_ ? ",\n" : "\n";
  needs_comma_ = false;
  return *this;
}

JsonText& JsonText::end_document() {
  text_ += '\n';
  needs_comma_ = false;
  return *this;
}

JsonText& JsonText::begin(char bracket) {
  separate();
  text_ += bracket;
  needs_comma_ = false;
  return *this;
}

JsonText& JsonText::end(char bracket) {
  text_ += bracket;
  needs_comma_ = true;
  return *this;
}

JsonText& JsonText::literal(std::string_view token) {
  separate();
  text_ += token;
  return *this;
}

JsonText& JsonText::integer(std::int64_t number) {
  separate();
  fmt::format_to(std::back_inserter(text_), "{}", number);
  return *this;
}

// A comma before every value but the first in its bracket and the one that follows a key.
void JsonText::separate() {
  if (needs_comma_) text_ += ',';
  needs_comma_ = true;
}

}  // namespace sluice
