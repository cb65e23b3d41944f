// SPDX-License-Identifier: MIT
#include "sluice/jobfile/device_name.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace sluice;

TEST_CASE("device name: 4 to 32 letters, digits and - _ @ . : are valid, anything else is not") {
  for (const std::string name :
       {"dev1", "DEV-1_@.:", "0000", "a-b_c@d.e:f", "12345678901234567890123456789012"}) {
    CAPTURE(name);
    CHECK(is_valid_device_name(name));
  }
  for (const std::string name : {"", "dev", "123456789012345678901234567890123", "dev 1", "dev\t1", "dev,1",
                                 "dév-1", "dev/1", "dev\x7f", "dev\r1",
                                 "\xEF\xBB\xBF"
                                 "dev1",
                                 "dev#1"}) {
    CAPTURE(name);
    CHECK_FALSE(is_valid_device_name(name));
  }
  CHECK_FALSE(
      is_valid_device_name(std::string("dev\0"
                                       "1",
                                       5)));
}

TEST_CASE("device name: printable leaves ordinary text of any language alone") {
  CHECK(printable("Köln, 阿里云 🚀 \"x\" \\n") == "Köln, 阿里云 🚀 \"x\" \\n");
  CHECK(printable("") == "");
}

TEST_CASE("device name: printable defuses what a terminal obeys or an eye cannot see") {
  const std::pair<std::string, std::string> rows[] = {
      {"\x1b[31mred", "\\x1B[31mred"},
      {"a\nb\r\tc",
       "a\\x0Ab\\x0D\\x09"
       "c"},
      {std::string("a\0b", 3),
       "a\\x00"
       "b"},
      {"\x7f", "\\x7F"},
      {"\xff"
       "a\xc3",
       "\\xFF"
       "a\\xC3"},
      {"\xc0\xaf", "\\xC0\\xAF"},                    // overlong '/'
      {"\xed\xa0\x80", "\\xED\\xA0\\x80"},           // a lone surrogate
      {"\xf4\x90\x80\x80", "\\xF4\\x90\\x80\\x80"},  // above U+10FFFF
      {"\u0085", "\\u{0085}"},                       // C1: next line
      {"\u009b", "\\u{009B}"},                       // C1: control sequence introducer
      {"\u202E\u2066", "\\u{202E}\\u{2066}"},
      {"\u200B\u200D\u200E\u200F", "\\u{200B}\\u{200D}\\u{200E}\\u{200F}"},
      {"\u2028\u2029", "\\u{2028}\\u{2029}"},
      {"\uFEFF", "\\u{FEFF}"},
      {"\U000E0041", "\\u{E0041}"},
  };
  for (const auto& [text, shown] : rows) {
    CAPTURE(shown);
    CHECK(printable(text) == shown);
  }
}

TEST_CASE("device name: printable cuts to the given number of bytes, between characters") {
  CHECK(printable("abcdef", 6) == "abcdef");
  CHECK(printable("abcdefg", 6) == "abc…");
  CHECK(printable("äöüß", 8) == "äöüß");
  CHECK(printable("äöüßx", 8) == "äö…");
  CHECK(printable("ab\x1b\x1b", 7) == "ab…");
  CHECK(printable(std::string(5000, '\n')).size() <= 1024);
}
