// SPDX-License-Identifier: MIT
#include "jobfile/json_reading.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <optional>

#include "jobfile/json_tree.hpp"
#include "jobfile/utf8.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::string_view number_characters = "0123456789+-.eE";

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string_view in_words(JsonExpected expected) {
  switch (expected) {
    case JsonExpected::value:
      return "expected a value";
    case JsonExpected::value_or_bracket:
    case JsonExpected::value_after_comma:
      return "expected a value or ']'";
    case JsonExpected::name_or_brace:
    case JsonExpected::name_after_comma:
      return "expected a name in double quotes or '}'";
    case JsonExpected::colon:
      return "expected ':' after this name";
    case JsonExpected::comma_or_brace:
      return "expected ',' or '}' after this value";
    case JsonExpected::comma_or_bracket:
      return "expected ',' or ']' after this value";
    case JsonExpected::nothing:
      return "expected the end of the file, because the value is complete";
  }
  return "expected something else";
}

boost::json::parse_options options_of(const JsonRules& rules) {
  boost::json::parse_options options;
  options.max_depth = rules.depth_max;
  options.allow_trailing_commas = rules.relaxed;
  return options;
}

/// Walks over the text token by token. A token is a run of blanks, a comment, a whole string, a number, a
/// word, or one byte; each is given to the parser as one slice.
class Reading {
 public:
  Reading(std::string_view text, const JsonRules& rules)
      : text_(text), rules_(rules), parser_(options_of(rules), text) {}

  std::variant<JsonValue, JsonFault> read() {
    while (at_ < text_.size()) {
      if (auto fault = read_token()) return *std::move(fault);
    }
    if (auto fault = finish()) return *std::move(fault);
    return parser_.handler().take_root();
  }

 private:
  using Fault = std::optional<JsonFault>;

  Fault read_token() {
    const char first = text_[at_];
    if (first == '"') return read_string();
    if (first == '/') return read_comment();
    if (blanks.find(first) != blanks.npos) return take(end_of_run(blanks));
    if (number_characters.find(first) != number_characters.npos && first != 'e' && first != 'E') {
      return read_number();
    }
    if (is_letter(first)) return read_word();
    auto fault = take(at_ + 1);
    if (!fault && (first == ',' || first == ':')) parser_.handler().took_separator(first);
    return fault;
  }

  Fault read_string() {
    const std::size_t begin = at_;
    std::size_t end = begin + 1;
    while (end < text_.size() && text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
    const bool is_closed = end < text_.size();
    auto fault = take(std::min(text_.size(), end + 1));
    if (!fault && !is_closed) return JsonFault{begin, "this text is not closed: expected '\"' at its end"};
    return fault;
  }

  /// The parser sees one blank in place of a comment.
  Fault read_comment() {
    const std::string_view rest = text_.substr(at_);
    const bool is_line = rest.starts_with("//");
    if (!is_line && !rest.starts_with("/*")) return unexpected(at_);
    if (!rules_.relaxed) return JsonFault{at_, "a comment may not stand here"};
    const std::size_t end = is_line ? text_.find('\n', at_) : text_.find("*/", at_ + 2);
    if (end == text_.npos && !is_line) return JsonFault{at_, "this comment is not closed: expected '*/'"};
    const std::size_t after = end == text_.npos ? text_.size() : end + (is_line ? 1 : 2);
    return give(" ", after);
  }

  Fault read_number() {
    const std::size_t end = end_of_run(number_characters);
    // What comes before a number decides whether one may stand here: an open number cannot be followed by
    // one.
    if (!value_may_stand_here()) return unexpected(at_);
    parser_.handler().at_number(at_, end);
    return take(end);
  }

  Fault read_word() {
    const std::size_t end = static_cast<std::size_t>(
        std::find_if_not(text_.begin() + static_cast<std::ptrdiff_t>(at_), text_.end(), is_letter) -
        text_.begin());
    const std::string_view word = text_.substr(at_, end - at_);
    if (!value_may_stand_here()) return unexpected(at_);
    if (word != "true" && word != "false" && word != "null") {
      return JsonFault{at_,
                       fmt::format("{}, found {}: text stands in double quotes, and of words there are only "
                                   "true, false and null",
                                   in_words(parser_.handler().expected()), printable(word, 40))};
    }
    return take(end);
  }

  bool value_may_stand_here() const {
    const JsonExpected expected = parser_.handler().expected();
    return !parser_.handler().number_is_open() &&
           (expected == JsonExpected::value || expected == JsonExpected::value_or_bracket ||
            expected == JsonExpected::value_after_comma);
  }

  std::size_t end_of_run(std::string_view characters) const {
    return std::min(text_.size(), text_.find_first_not_of(characters, at_));
  }

  Fault take(std::size_t end) { return give(text_.substr(at_, end - at_), end); }

  /// Gives `slice` to the parser, which stands for the text up to `end`.
  Fault give(std::string_view slice, std::size_t end) {
    const bool number_was_open = parser_.handler().number_is_open();
    parser_.handler().at_token(at_, end);
    boost::json::error_code failure;
    const std::size_t taken = parser_.write_some(true, slice.data(), slice.size(), failure);
    if (failure) return explain(failure, at_ + taken, number_was_open);
    if (taken < slice.size()) return unexpected(at_ + taken);
    at_ = end;
    return std::nullopt;
  }

  Fault finish() {
    boost::json::error_code failure;
    parser_.write_some(false, "", 0, failure);
    if (!failure) return std::nullopt;
    if (parser_.handler().number_is_open()) return bad_number();
    if (text_.find_first_not_of(blanks) == text_.npos) {
      return JsonFault{0, "there is nothing in it; expected a JSON object in { }"};
    }
    return JsonFault{text_.size(),
                     fmt::format("the text ends too early; {}", in_words(parser_.handler().expected()))};
  }

  Fault explain(const boost::json::error_code& failure, std::size_t offset, bool number_was_open) {
    if (failure == boost::json::error::too_deep) {
      return JsonFault{offset,
                       fmt::format("nested too deeply; expected at most {} levels", rules_.depth_max)};
    }
    if (number_was_open && parser_.handler().number_is_open()) return bad_number();
    if (text_[at_] == '"' && offset > at_) return bad_string(offset);
    const bool within_number = offset > at_ && number_characters.find(text_[at_]) != number_characters.npos;
    if (within_number || parser_.handler().number_is_open()) return bad_number();
    return unexpected(offset);
  }

  Fault bad_number() const {
    return JsonFault{parser_.handler().number_begin(),
                     "this is not a number as JSON writes it; expected for example 10, -0.5 or 1e3"};
  }

  Fault bad_string(std::size_t offset) const {
    const auto found = static_cast<unsigned char>(text_[std::min(offset, text_.size() - 1)]);
    if (found == '\n' || found == '\r') {
      return JsonFault{at_, "this text is not closed on its line: expected '\"', or \\n for a line break"};
    }
    if (found < 0x20) {
      return JsonFault{offset, fmt::format("control character in a text; expected \\u{:04X}", found)};
    }
    return JsonFault{
        offset,
        "wrong escape in this text; expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t, or \\u and 4 "
        "hexadecimal digits (two such halves for a character beyond U+FFFF)"};
  }

  Fault unexpected(std::size_t offset) const {
    if (parser_.handler().number_is_open()) return bad_number();
    const JsonExpected expected = parser_.handler().expected();
    const bool after_comma =
        expected == JsonExpected::name_after_comma || expected == JsonExpected::value_after_comma;
    const char found = text_[offset];
    if (after_comma && (found == '}' || found == ']') && !rules_.relaxed) {
      return JsonFault{offset, "a comma may not stand before this bracket"};
    }
    if (found == '\'') {
      return JsonFault{
          offset, fmt::format("{}, found a single quote: text stands in double quotes", in_words(expected))};
    }
    return JsonFault{offset, fmt::format("{}, found {}", in_words(expected), word_at(offset))};
  }

  /// The character at the offset, or the word that begins there.
  std::string word_at(std::size_t offset) const {
    std::size_t end = offset;
    while (end < text_.size() && is_letter(text_[end])) ++end;
    if (end > offset) return printable(text_.substr(offset, end - offset), 40);
    const auto point = first_code_point(text_.substr(offset));
    return fmt::format("'{}'", printable(text_.substr(offset, point ? point->bytes : 1)));
  }

  std::string_view text_;
  JsonRules rules_;
  boost::json::basic_parser<JsonTree> parser_;
  std::size_t at_ = 0;
};

}  // namespace

std::variant<JsonValue, JsonFault> read_json(std::string_view text, const JsonRules& rules) {
  // Checked for the whole text, comments included: what a person reviews must be what is read.
  if (const auto offset = first_invalid_utf8(text)) {
    return JsonFault{*offset,
                     fmt::format("byte {:02X} is not valid UTF-8; expected the file to be saved as UTF-8",
                                 static_cast<unsigned char>(text[*offset]))};
  }
  if (const auto offset = text.find('\0'); offset != text.npos) {
    return JsonFault{offset, "a NUL byte; expected text in UTF-8"};
  }
  return Reading(text, rules).read();
}

}  // namespace sluice
