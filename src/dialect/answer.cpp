// SPDX-License-Identifier: MIT
#include "dialect/answer.hpp"

#include <array>
#include <boost/algorithm/string/predicate.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <cstdint>
#include <locale>
#include <pugixml.hpp>
#include <system_error>

namespace sluice {
namespace {

constexpr std::size_t depth_max = 32;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::string_view blanks = " \t\r\n";

bool same_name(std::string_view one, std::string_view other) {
  return boost::algorithm::iequals(one, other, std::locale::classic());
}

enum class Type { text, boolean, null, other };

// Gathers the members that matter, whatever the notation, and notices what does not fit together.
class AnswerReader {
 public:
  void take(std::string_view name, Type type, std::string_view text) {
    for (Member& member : members_) {
      if (!same_name(member.name, name)) continue;
      contradictory_ |= member.seen;
      contradictory_ |= type != member.expected && type != Type::null;
      member.seen = true;
      member.text = text;
    }
  }

  Answer finish() const {
    const auto& [success, code, message, error_message, request_id] = members_;
    Answer answer;
    answer.readable = !contradictory_;
    if (!success.text.empty()) answer.success = success.text == "true";
    answer.code = code.text;
    answer.message = error_message.text.empty() ? message.text : error_message.text;
    answer.request_id = request_id.text;
    return answer;
  }

 private:
  struct Member {
    std::string_view name;
    Type expected = Type::text;
    bool seen = false;
    std::string text;
  };

  std::array<Member, 5> members_{
      {{"Success", Type::boolean}, {"Code"}, {"Message"}, {"ErrorMessage"}, {"RequestId"}}};
  bool contradictory_ = false;
};

// Boost.JSON's events instead of its tree: in a tree the last of two equal members would silently win.
class JsonEvents {
 public:
  static constexpr std::size_t max_object_size = SIZE_MAX;
  static constexpr std::size_t max_array_size = SIZE_MAX;
  static constexpr std::size_t max_key_size = SIZE_MAX;
  static constexpr std::size_t max_string_size = SIZE_MAX;
  using Code = boost::json::error_code;
  using Text = boost::json::string_view;

  Answer finish() const { return reader_.finish(); }

  bool on_document_begin(Code&) { return true; }
  bool on_document_end(Code&) { return true; }
  bool on_object_begin(Code&) { return enter(); }
  bool on_object_end(std::size_t, Code&) { return leave(); }
  bool on_array_begin(Code&) { return enter(); }
  bool on_array_end(std::size_t, Code&) { return leave(); }
  bool on_key_part(Text part, std::size_t, Code&) { return append(key_, part); }
  bool on_key(Text part, std::size_t, Code&) { return append(key_, part); }
  bool on_string_part(Text part, std::size_t, Code&) { return append(text_, part); }
  bool on_string(Text part, std::size_t, Code&) {
    append(text_, part);
    return take(Type::text, text_);
  }
  bool on_number_part(Text, Code&) { return true; }
  bool on_int64(std::int64_t, Text, Code&) { return take(Type::other, {}); }
  bool on_uint64(std::uint64_t, Text, Code&) { return take(Type::other, {}); }
  bool on_double(double, Text, Code&) { return take(Type::other, {}); }
  bool on_bool(bool truth, Code&) { return take(Type::boolean, truth ? "true" : "false"); }
  bool on_null(Code&) { return take(Type::null, {}); }
  bool on_comment_part(Text, Code&) { return true; }
  bool on_comment(Text, Code&) { return true; }

 private:
  // Only the members of the outermost object speak for the answer.
  bool is_outermost() const { return depth_ == 1; }

  bool append(std::string& whole, Text part) {
    if (is_outermost()) whole.append(part.data(), part.size());
    return true;
  }
  bool take(Type type, std::string_view text) {
    if (is_outermost()) {
      reader_.take(key_, type, text);
      key_.clear();
      text_.clear();
    }
    return true;
  }
  bool enter() {
    take(Type::other, {});
    ++depth_;
    return true;
  }
  bool leave() {
    --depth_;
    return true;
  }

  AnswerReader reader_;
  std::string key_;
  std::string text_;
  int depth_ = 0;
};

Answer read_json(std::string_view body) {
  boost::json::parse_options options;
  options.max_depth = depth_max;
  boost::json::basic_parser<JsonEvents> parser{options};
  boost::json::error_code error;
  const std::size_t used = parser.write_some(false, body.data(), body.size(), error);
  if (error || body.find_first_not_of(blanks, used) != std::string_view::npos) return {};
  return parser.handler().finish();
}

// pugixml makes of "&#0;", and of a number so large that it becomes 0, the end of the text, and what follows
// is not seen. XML has no such characters.
bool has_impossible_character(std::string_view body) {
  constexpr std::uint32_t last_code_point = 0x10FFFF;
  const char* const end = body.data() + body.size();
  for (std::size_t at = body.find("&#"); at != body.npos; at = body.find("&#", at)) {
    at += 2;
    const bool is_hexadecimal = body.substr(at).starts_with('x');
    if (is_hexadecimal) ++at;
    std::uint32_t number = 0;
    const auto read = std::from_chars(body.data() + at, end, number, is_hexadecimal ? 16 : 10);
    if (read.ec == std::errc::result_out_of_range) return true;
    if (read.ec == std::errc{} && (number == 0 || number > last_code_point)) return true;
  }
  return false;
}

Answer read_xml(std::string_view body, std::string_view action) {
  if (has_impossible_character(body)) return {};
  pugi::xml_document document;
  // Document types and entities of the sender's own are not even looked at. As a fragment, so that text
  // before or behind the element, which XML does not allow, becomes its sibling instead of being passed over.
  constexpr unsigned options =
      pugi::parse_escapes | pugi::parse_cdata | pugi::parse_trim_pcdata | pugi::parse_fragment;
  const auto parsed = document.load_buffer(body.data(), body.size(), options, pugi::encoding_utf8);
  const pugi::xml_node root = document.document_element();
  if (!parsed || root.next_sibling() || root.previous_sibling()) return {};
  const bool is_error = std::string_view{root.name()} == "Error";
  if (!is_error && root.name() != std::string{action} + "Response") return {};

  AnswerReader reader;
  for (const pugi::xml_node child : root.children()) {
    const pugi::xml_node content = child.first_child();
    const bool is_text = !content || (content.type() != pugi::node_element && !content.next_sibling());
    const std::string_view text = child.child_value();
    const bool is_truth = same_name(child.name(), "Success") && (text == "true" || text == "false");
    reader.take(child.name(), !is_text ? Type::other : is_truth ? Type::boolean : Type::text, text);
  }
  Answer answer = reader.finish();
  // The gateway's error page has no Success; one that has is not ours.
  if (is_error && answer.success) answer.readable = false;
  return answer;
}

}  // namespace

Answer read_answer(std::string_view body, std::string_view action) {
  if (body.starts_with(byte_order_mark)) body.remove_prefix(byte_order_mark.size());
  const std::size_t first = body.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  body.remove_prefix(first);
  if (body.front() == '{') return read_json(body);
  if (body.front() == '<') return read_xml(body, action);
  return {};
}

}  // namespace sluice
