// SPDX-License-Identifier: MIT
#include "app/display_text.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <clocale>
#include <cwchar>
#include <limits>

#include "app/hostile_texts.hpp"
#include "sluice/jobfile/device_name.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using sluice::testing::columns_of;
using sluice::testing::hostile_texts;

namespace {

std::string utf8_of(char32_t point) {
  const auto byte = [](char32_t value) { return static_cast<char>(value); };
  if (point < 0x80) return {byte(point)};
  if (point < 0x800) return {byte(0xC0 | (point >> 6)), byte(0x80 | (point & 0x3F))};
  if (point < 0x10000) {
    return {byte(0xE0 | (point >> 12)), byte(0x80 | ((point >> 6) & 0x3F)), byte(0x80 | (point & 0x3F))};
  }
  return {byte(0xF0 | (point >> 18)), byte(0x80 | ((point >> 12) & 0x3F)), byte(0x80 | ((point >> 6) & 0x3F)),
          byte(0x80 | (point & 0x3F))};
}

}  // namespace

TEST_CASE("display text: no character is taken for narrower than the C library takes it") {
  REQUIRE(std::setlocale(LC_CTYPE, "C.UTF-8") != nullptr);
  int too_narrow = 0;
  for (char32_t point = 0x20; point < 0x40000; ++point) {
    if (point >= 0xD800 && point < 0xE000) continue;
    if (::wcwidth(static_cast<wchar_t>(point)) > display_width(utf8_of(point))) {
      ++too_narrow;
      MESSAGE("U+" << std::hex << static_cast<std::uint32_t>(point));
    }
  }
  CHECK(too_narrow == 0);
}

TEST_CASE("display text: what fits stays, what does not ends with an ellipsis") {
  CHECK(fitted("12345", 5) == "12345");
  CHECK(fitted("123456", 5) == "1234…");
  CHECK(fitted("设备设备", 5) == "设备…");
  CHECK(fitted("设备设备", 4) == "设…");
  CHECK(fitted("abc", 1) == "…");
  CHECK(fitted("abc", 0).empty());
}

TEST_CASE("display text: padded text has exactly the width, whatever it was") {
  for (const std::string& text : hostile_texts()) {
    for (const int columns : {1, 2, 7, 40}) {
      CAPTURE(text);
      CAPTURE(columns);
      CHECK(display_width(padded(printable(text), columns)) == columns);
      CHECK(columns_of(padded(printable(text), columns)) <= columns);
    }
  }
}

TEST_CASE("display text: items share a line as long as they fit, in their order") {
  CHECK(flowed({"aaaa", "bbbb", "cccc"}, 10) == std::vector<std::string>{"aaaa  bbbb", "cccc"});
  CHECK(flowed({"aaaa", "bbbb"}, 9) == std::vector<std::string>{"aaaa", "bbbb"});
  CHECK(flowed({"a", "0123456789", "b"}, 5) == std::vector<std::string>{"a", "0123…", "b"});
  CHECK(flowed({}, 10).empty());
}

TEST_CASE("display text: thousands are grouped") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1000) == "1,000");
  CHECK(grouped(1234567) == "1,234,567");
  CHECK(grouped(-1234) == "-1,234");
  CHECK(grouped(-123) == "-123");
}

TEST_CASE("display text: a duration has at most two units and is never negative") {
  CHECK(duration_text(-5s) == "0s");
  CHECK(duration_text(0s) == "0s");
  CHECK(duration_text(4230ms) == "4.2s");
  CHECK(duration_text(9960ms) == "10s");
  CHECK(duration_text(59s) == "59s");
  CHECK(duration_text(60s) == "1m00s");
  CHECK(duration_text(16min + 40s) == "16m40s");
  CHECK(duration_text(2h + 11min + 59s) == "2h11m");
  CHECK(duration_text(76h) == "3d04h");
  CHECK(duration_text(99 * 24h) == "99d");
  CHECK(duration_text(std::chrono::nanoseconds::max()) == "99d");
}

TEST_CASE("display text: a rate shows the decimals it needs") {
  CHECK(rate_text(10) == "10");
  CHECK(rate_text(7.94) == "7.9");
  CHECK(rate_text(0.5) == "0.5");
  CHECK(rate_text(0) == "0");
  CHECK(rate_text(100) == "100");
  CHECK(rate_text(std::numeric_limits<double>::infinity()) == "--");
}
