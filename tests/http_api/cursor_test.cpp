// SPDX-License-Identifier: MIT
#include "http_api/resources/cursor.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace sluice;

TEST_CASE("cursor: what was written is read again, whatever its text holds") {
  using namespace std::string_literals;
  for (const Cursor& cursor :
       {Cursor{.list = "runs", .numbers = {7}}, Cursor{.list = "chunks", .numbers = {0, 100}},
        Cursor{.list = "tenants", .text = "a.b\0\xff/ü"s}, Cursor{.list = "tenants"}}) {
    const std::string word = cursor_word(cursor);
    CAPTURE(word);
    CHECK(cursor_from(word, cursor.list, cursor.numbers.size()) == cursor);
    CHECK(word.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._") == std::string::npos);
  }
}

TEST_CASE("cursor: another list's, one with a number that is none, or one cut short is no cursor") {
  for (const char* word :
       {"", "run.7.", "runss.7.", "runs.-7.", "runs.+7.", "runs.7x.", "runs..", "runs", "runs. 7.",
        "runs.9223372036854775807.", "runs.9223372036854775808.", "runs.7.4", "runs.7.4g", "runs.7.8.9"}) {
    CAPTURE(word);
    CHECK_FALSE(cursor_from(word, "runs", 1).has_value());
  }
  CHECK_FALSE(cursor_from("runs.7." + std::string(2000, 'a'), "runs", 1).has_value());
}
