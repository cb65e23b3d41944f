// SPDX-License-Identifier: MIT
#include "app/error_report.hpp"

#include <algorithm>
#include <cstddef>

#include "http_api/json_text.hpp"

namespace sluice {
namespace {

std::string_view without_line_ends(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

/// Of a message of several findings, each by itself, so that nobody has to take the text apart.
void write_details(JsonText& json, std::string_view message) {
  if (message.find('\n') == message.npos) return;
  json.key("details").begin_array();
  for (std::size_t begin = 0; begin <= message.size();) {
    const std::size_t end = std::min(message.find('\n', begin), message.size());
    json.value(message.substr(begin, end - begin));
    begin = end + 1;
  }
  json.end_array();
}

}  // namespace

std::string error_text(const Error& error) {
  std::string text{"sluice: "};
  text.append(without_line_ends(error.message)).append("\n");
  if (!error.hint.empty()) text.append("  ").append(without_line_ends(error.hint)).append("\n");
  return text;
}

std::string error_json(const Error& error) {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version).key("error").begin_object();
  json.member("code", to_string(error.kind)).member("message", without_line_ends(error.message));
  json.member("hint", without_line_ends(error.hint));
  write_details(json, without_line_ends(error.message));
  return json.end_object().end_object().end_document().take();
}

}  // namespace sluice
