// SPDX-License-Identifier: MIT
#include "http_api/json_text.hpp"

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "app/hostile_texts.hpp"

using namespace sluice;
using sluice::testing::hostile_texts;
using sluice::testing::is_harmless;

TEST_CASE("json text: commas stand between values and nowhere else") {
  JsonText json;

  json.begin_object().member("a", 1).key("b").begin_array().value(true).null().value("x").end_array();
  json.key("c").begin_object().end_object().member("d", std::optional<std::string>{});
  json.end_object();

  CHECK(json.text() == R"({"a":1,"b":[true,null,"x"],"c":{},"d":null})");
}

TEST_CASE("json text: integers keep every digit, decimals as many as asked for") {
  JsonText json;

  json.begin_array().value(std::numeric_limits<std::int64_t>::min()).value(std::int64_t{9007199254740993});
  json.decimal(9.9, 3).decimal(1e9, 3).value(0.1).value(10.0).end_array();

  CHECK(json.text() == "[-9223372036854775808,9007199254740993,9.900,1000000000.000,0.1,10]");
}

TEST_CASE("json text: a number that JSON cannot hold becomes null") {
  JsonText json;

  json.begin_array().value(std::nan("")).decimal(std::numeric_limits<double>::infinity(), 3).end_array();

  CHECK(json.text() == "[null,null]");
}

TEST_CASE("json text: valid text reads back as it was written") {
  for (const std::string text :
       {"plain", "\"\\/\b\f\n\r\t", "设备 \U0001F600", "\u202E\u0085", "\U000E0041"}) {
    CAPTURE(text);
    JsonText json;
    json.value(text);

    CHECK(boost::json::parse(json.text()).as_string() == text);
    CHECK(is_harmless(json.text()));
  }
}

TEST_CASE("json text: what is not UTF-8 is replaced, byte by byte, and what is around it is kept") {
  JsonText json;

  json.value(
      "a\xff\xc0\xaf"
      "b\xe4\xb8");

  CHECK(json.text() ==
        "\"a\uFFFD\uFFFD\uFFFD"
        "b\uFFFD\uFFFD\"");
}

TEST_CASE("json text: hostile texts as key and value give valid and harmless JSON") {
  for (const std::string& text : hostile_texts()) {
    CAPTURE(text);
    JsonText json;
    json.begin_object().member(text, text).end_object();

    boost::json::error_code error;
    const boost::json::value read = boost::json::parse(json.text(), error);

    CHECK_FALSE(error);
    CHECK(read.as_object().size() == 1);
    CHECK(is_harmless(json.text()));
  }
}

TEST_CASE("json text: random bytes give valid and harmless JSON") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random{seed};
  std::uniform_int_distribution<int> byte{0, 255};

  for (int round = 0; round < 2000; ++round) {
    std::string text(static_cast<std::size_t>(byte(random) % 24), ' ');
    for (char& c : text) c = static_cast<char>(byte(random));
    JsonText json;
    json.value(text);

    boost::json::error_code error;
    boost::json::parse(json.text(), error);

    CHECK_FALSE(error);
    CHECK(is_harmless(json.text()));
  }
}
