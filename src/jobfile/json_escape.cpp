// SPDX-License-Identifier: MIT
#include "jobfile/json_escape.hpp"

#include <fmt/format.h>

#include <iterator>

namespace sluice {

void append_json_escaped(std::string& into, std::string_view text) {
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      into += '\\';
      into += c;
    } else if (c == '\n') {
      into += "\\n";
    } else if (c == '\t') {
      into += "\\t";
    } else if (c == '\r') {
      into += "\\r";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(into), "\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      into += c;
    }
  }
}

std::string json_string(std::string_view text) {
  std::string quoted = "\"";
  append_json_escaped(quoted, text);
  quoted += '"';
  return quoted;
}

}  // namespace sluice
