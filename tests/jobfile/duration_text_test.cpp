// SPDX-License-Identifier: MIT
#include "jobfile/duration_text.hpp"

#include <doctest/doctest.h>

#include <chrono>

using namespace sluice;
using namespace std::chrono_literals;

TEST_CASE("duration: it is written in the longest unit that measures it out") {
  CHECK(exact_duration_text(1500ms) == "1500ms");
  CHECK(exact_duration_text(90s) == "90s");
  CHECK(exact_duration_text(90min) == "90m");
  CHECK(exact_duration_text(25h) == "25h");
  CHECK(exact_duration_text(48h) == "2d");
}

TEST_CASE("duration: the longest of each unit that can be read is read again as it is written") {
  for (const char* text : {"999999999ms", "9999999s", "999999m", "9999h", "999d"}) {
    CAPTURE(text);
    const auto duration = parse_duration(text);
    REQUIRE(duration.has_value());
    CHECK(parse_duration(exact_duration_text(*duration)) == duration);
  }
}
