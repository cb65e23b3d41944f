// SPDX-License-Identifier: MIT
// Texts that a server, a device list or a job file might carry to do harm, for the tests of everything that
// shows text; and how wide a line really is, by the C library's word.
#pragma once

#include <algorithm>
#include <clocale>
#include <cstddef>
#include <cwchar>
#include <cwctype>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::testing {

inline const std::vector<std::string>& hostile_texts() {
  using namespace std::string_literals;
  static const std::vector<std::string> texts{
      ""s,
      "plain"s,
      "\x1b[2J\x1b[1;31mall is well\x1b[0m"s,
      "\x1b]0;title\x07"s,
      "\x9b"
      "31m"s,
      "line one\nline two\r\nline three"s,
      "nul\0inside"s,
      "quote \" back\\slash \\u0041"s,
      "a,b;c\td"s,
      "=cmd|' /C calc'!A0"s,
      "+1"s,
      "-1"s,
      "@SUM(A1)"s,
      "\t=1"s,
      "\r=1"s,
      "\0=1"s,
      " =1"s,
      "＝1"s,
      "\u202Egnp.exe"s,
      "\u2066\u2067\u200B\uFEFF"s,
      "\u2028\u2029\u0085"s,
      "\xff\xfe\xc0\xaf\xed\xa0\x80\xf8"s,
      "cut \xe4\xb8"s,
      "设备不存在，请检查设备名称"s,
      "\U0001F600\U0001F680 emoji"s,
      "e\u0301\u0302\u0303 combining"s,
      std::string(5000, 'x'),
      std::string(3000, '\x1b'),
  };
  return texts;
}

/// Columns that the line takes on a terminal, or −1 if it holds a control character or what is not UTF-8.
inline int columns_of(const std::string& line) {
  static const bool has_locale = std::setlocale(LC_CTYPE, "C.UTF-8") != nullptr;
  if (!has_locale) return -1;
  int columns = 0;
  std::mbstate_t state{};
  for (std::size_t at = 0; at < line.size();) {
    wchar_t character = 0;
    const std::size_t taken = std::mbrtowc(&character, line.data() + at, line.size() - at, &state);
    if (taken == 0 || taken > line.size()) return -1;
    const int width = ::wcwidth(character);
    if (width < 0 && std::iswcntrl(static_cast<std::wint_t>(character)) != 0) return -1;
    // A code point that no character has yet is shown as one box.
    columns += width < 0 ? 1 : width;
    at += taken;
  }
  return columns;
}

/// Nothing in it steers a terminal, line ends apart.
inline bool is_harmless(const std::string& text) {
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    if (columns_of(line) < 0) return false;
    for (const std::string_view mark : {"\u202E", "\u2066", "\u200B", "\uFEFF", "\u2028", "\u2029"}) {
      if (line.find(mark) != std::string::npos) return false;
    }
    begin = end + 1;
  }
  return true;
}

}  // namespace sluice::testing
