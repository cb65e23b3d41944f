// SPDX-License-Identifier: MIT
#include "app/log_line.hpp"

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <limits>
#include <random>
#include <string>
#include <type_traits>

#include "app/hostile_texts.hpp"
#include "app/log_reader.hpp"
#include "jobfile/utf8.hpp"
#include "sluice/core/ids.hpp"
#include "sluice/dialect/credentials.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using sluice::testing::hostile_texts;
using sluice::testing::is_harmless;
using sluice::testing::LogfmtPairs;
using sluice::testing::read_logfmt;

namespace {

// date -u -d @1700000000 +%FT%TZ
const UtcTime instant = UtcTime{1'700'000'000s} + 42us;

LogEvent event_with(std::vector<LogField> fields) {
  return {instant, LogLevel::info, "run_finished", std::move(fields)};
}

std::string read_back_from_json(const std::string& line) {
  const boost::json::value object = boost::json::parse(line);
  return std::string{object.at("text").as_string()};
}

bool is_one_line(const std::string& text) { return text.find_first_of("\n\r") == text.npos; }

}  // namespace

TEST_CASE("log line: logfmt quotes what a reader could not take as it stands") {
  const LogEvent event = event_with({{"run", RunId{7}},
                                     {"job", "two words"},
                                     {"status", "finished"},
                                     {"empty", ""},
                                     {"equation", "a=b"},
                                     {"rate", 9.5},
                                     {"is_replay", true}});

  CHECK(to_logfmt(event) ==
        "ts=2023-11-14T22:13:20.000042Z level=info msg=run_finished run=7 job=\"two words\" status=finished "
        "empty=\"\" equation=\"a=b\" rate=9.5 is_replay=true");
}

TEST_CASE("log line: JSON keeps the type of each value") {
  const LogEvent event =
      event_with({{"run", RunId{7}}, {"job", "two words"}, {"rate", 9.5}, {"is_replay", false}});

  CHECK(
      to_json_line(event) ==
      R"({"ts":"2023-11-14T22:13:20.000042Z","level":"info","msg":"run_finished","run":7,"job":"two words",)"
      R"("rate":9.5,"is_replay":false})");
}

TEST_CASE("log line: an instant before 1970 and one a microsecond before a second are told right") {
  CHECK(to_logfmt({UtcTime{-1us}, LogLevel::error, "x", {}}).starts_with("ts=1969-12-31T23:59:59.999999Z "));
  CHECK(to_logfmt({UtcTime{999'999us}, LogLevel::error, "x", {}})
            .starts_with("ts=1970-01-01T00:00:00.999999Z "));
}

TEST_CASE("log line: any text in is exactly one harmless line out") {
  for (const std::string& text : hostile_texts()) {
    CAPTURE(text);
    const LogEvent event = event_with({{"text", text}, {"after", 1}});

    for (const std::string& line : {to_logfmt(event), to_json_line(event)}) {
      CHECK(is_one_line(line));
      CHECK(is_harmless(line));
    }
  }
}

TEST_CASE("log line: text that is UTF-8 reads back as it was, from both forms") {
  for (const std::string& text : hostile_texts()) {
    if (first_invalid_utf8(text) || text.size() > log_text_bytes_max) continue;
    CAPTURE(text);
    const LogEvent event = event_with({{"text", text}, {"after", "1"}});

    CHECK(read_back_from_json(to_json_line(event)) == text);
    const auto pairs = read_logfmt(to_logfmt(event));
    REQUIRE(pairs);
    CHECK(*pairs == LogfmtPairs{{"ts", "2023-11-14T22:13:20.000042Z"},
                                {"level", "info"},
                                {"msg", "run_finished"},
                                {"text", text},
                                {"after", "1"}});
  }
}

TEST_CASE("log line: random bytes are one line in which the next field is still found") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random{seed};
  for (int round = 0; round < 2000; ++round) {
    std::string text(random() % 40, '\0');
    for (char& byte : text) byte = static_cast<char>(random());
    const LogEvent event = event_with({{"text", text}, {"after", "end"}});

    const auto pairs = read_logfmt(to_logfmt(event));

    REQUIRE(pairs);
    REQUIRE(pairs->size() == 5);
    CHECK(pairs->back() == std::pair<std::string, std::string>{"after", "end"});
    CHECK(boost::json::parse(to_json_line(event)).at("after").as_string() == "end");
  }
}

TEST_CASE("log line: a very long text is cut between characters") {
  const std::string text = std::string(log_text_bytes_max - 1, 'x') + "\u8BBE and more";

  const std::string shown = read_back_from_json(to_json_line(event_with({{"text", text}})));

  CHECK(shown == std::string(log_text_bytes_max - 1, 'x') + "…");
  CHECK(to_logfmt(event_with({{"text", text}})).ends_with("x…\""));
}

TEST_CASE("log line: a number that is none is null, and a name that is none breaks nothing") {
  const std::string line = to_json_line(
      {instant, LogLevel::info, "two\nlines", {{"a b=\"", std::numeric_limits<double>::infinity()}}});

  CHECK(line.ends_with(R"("msg":"two_lines","a_b__":null})"));
}

TEST_CASE("log line: a secret cannot become a field") {
  CHECK_FALSE(std::is_constructible_v<LogField, std::string_view, Secret>);
  CHECK_FALSE(std::is_constructible_v<LogField, std::string_view, const void*>);
}
