// SPDX-License-Identifier: MIT
#include "app/results_writer.hpp"

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <cstdio>
#include <sstream>
#include <vector>

#include "app/hostile_texts.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using sluice::testing::columns_of;
using sluice::testing::hostile_texts;
using sluice::testing::is_harmless;

namespace {

constexpr UtcTime settled{1'767'323'045'678ms};  // 2026-01-02T03:04:05.678Z

DeviceResult accepted(std::string_view device) {
  return {.device = device,
          .state = ChunkState::succeeded,
          .evidence = Evidence::confirmed,
          .chunk = ChunkId{3},
          .attempts = 1,
          .request_id = "REQ-1",
          .settled_at = settled};
}

DeviceResult hostile(const std::string& text) {
  return {.device = text, .state = ChunkState::failed, .request_id = text, .code = text, .message = text};
}

std::string written(ResultsOptions options, const std::vector<DeviceResult>& rows) {
  std::string out;
  options.run = RunId{7};
  ResultsWriter writer{options, [&](std::string_view block) -> Result<void> {
                         out += block;
                         return {};
                       }};
  for (const DeviceResult& row : rows) CHECK(writer.write(row));
  CHECK(writer.finish().has_value());
  return out;
}

// RFC 4180 by the letter, but for '\n' as the line end: an independent reader.
std::vector<std::vector<std::string>> read_csv(const std::string& text) {
  std::vector<std::vector<std::string>> rows;
  std::size_t at = 0;
  while (at < text.size()) {
    std::vector<std::string> row;
    for (bool more = true; more;) {
      std::string field;
      if (text.at(at) == '"') {
        for (++at; text.at(at) != '"' || (at + 1 < text.size() && text[at + 1] == '"'); ++at) {
          if (text[at] == '"') ++at;
          field += text[at];
        }
        ++at;
      } else {
        for (; text.at(at) != ',' && text[at] != '\n'; ++at) {
          REQUIRE(text[at] != '"');
          REQUIRE(text[at] != '\r');
          field += text[at];
        }
      }
      row.push_back(field);
      REQUIRE((text.at(at) == ',' || text[at] == '\n'));
      more = text[at++] == ',';
    }
    rows.push_back(row);
  }
  return rows;
}

}  // namespace

TEST_CASE("results: json is one object with the run and a row for each device") {
  const std::string out = written({.format = ResultsFormat::json}, {accepted("dev-1"), {.device = "dev-2"}});

  CHECK(out ==
        "{\"schema_version\":1,\"run\":7,\"results\":[\n"
        "{\"device\":\"dev-1\",\"state\":\"accepted\",\"evidence\":\"confirmed\",\"chunk\":3,\"attempts\":1,"
        "\"request_id\":\"REQ-1\",\"code\":\"\",\"message\":\"\",\"settled_at\":\"2026-01-02T03:04:05.678Z\"}"
        ",\n"
        "{\"device\":\"dev-2\",\"state\":\"pending\",\"evidence\":\"\",\"chunk\":0,\"attempts\":0,"
        "\"request_id\":\"\",\"code\":\"\",\"message\":\"\",\"settled_at\":null}]}\n");
  CHECK(boost::json::parse(out).at("results").as_array().size() == 2);
}

TEST_CASE("results: no rows at all are still a valid document of each format") {
  CHECK(boost::json::parse(written({.format = ResultsFormat::json}, {})).at("results").as_array().empty());
  CHECK(written({.format = ResultsFormat::ndjson}, {}).empty());
  CHECK(written({.format = ResultsFormat::txt}, {}).empty());
  CHECK(written({.format = ResultsFormat::csv}, {}) ==
        "device,state,evidence,chunk,attempts,request_id,code,message,settled_at\n");
  CHECK(written({.format = ResultsFormat::table}, {}).starts_with("DEVICE "));
}

TEST_CASE("results: ndjson is one object a line") {
  std::istringstream lines{
      written({.format = ResultsFormat::ndjson}, {accepted("dev-1"), accepted("dev-2")})};
  std::vector<std::string> devices;
  for (std::string line; std::getline(lines, line);) {
    devices.emplace_back(boost::json::parse(line).at("device").as_string());
  }
  CHECK(devices == std::vector<std::string>{"dev-1", "dev-2"});
}

TEST_CASE("results: txt is a device list again") {
  CHECK(written({.format = ResultsFormat::txt}, {accepted("dev-1"), accepted("-dev@2")}) ==
        "dev-1\n-dev@2\n");
}

TEST_CASE("results: raw csv reads back byte by byte, whatever is in it") {
  std::vector<DeviceResult> rows;
  for (const std::string& text : hostile_texts()) rows.push_back(hostile(text));

  const auto read = read_csv(written({.format = ResultsFormat::csv, .raw = true}, rows));

  REQUIRE(read.size() == rows.size() + 1);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CAPTURE(hostile_texts()[i]);
    REQUIRE(read[i + 1].size() == 9);
    for (const std::size_t column : {0U, 5U, 6U, 7U}) CHECK(read[i + 1][column] == hostile_texts()[i]);
  }
}

TEST_CASE("results: csv has one line a row, no control character and no formula") {
  std::vector<DeviceResult> rows;
  for (const std::string& text : hostile_texts()) rows.push_back(hostile(text));

  const std::string out = written({.format = ResultsFormat::csv}, rows);

  CHECK(is_harmless(out));
  CHECK(static_cast<std::size_t>(std::ranges::count(out, '\n')) == rows.size() + 1);
  for (const std::vector<std::string>& row : read_csv(out)) {
    REQUIRE(row.size() == 9);
    for (const std::string& field : row) {
      CAPTURE(field);
      CHECK((field.empty() || std::string_view{"=+-@\t\r"}.find(field.front()) == std::string_view::npos));
    }
  }
}

TEST_CASE("results: formula characters are defused with an apostrophe, in device names too") {
  for (const std::string text : {"=1+1", "+1", "-dev", "@dev", "\t=1", "\r=1", " =1", "＝1"}) {
    CAPTURE(text);
    const auto row = read_csv(written({.format = ResultsFormat::csv}, {hostile(text)})).at(1);
    CHECK(row[0].starts_with('\''));
    CHECK(row[7].starts_with('\''));
  }
  const std::string nul("\0=1", 3);
  CHECK(read_csv(written({.format = ResultsFormat::csv}, {hostile(nul)})).at(1)[0].starts_with('\''));
}

TEST_CASE("results: csv quotes what needs quotes, and nothing else") {
  const std::string out =
      written({.format = ResultsFormat::csv}, {hostile("say \"hi\", now"), hostile("plain")});

  CHECK(out.find("\n\"say \"\"hi\"\", now\",failed,,0,0,\"say") != std::string::npos);
  CHECK(out.find("\nplain,failed,,0,0,plain,plain,plain,\n") != std::string::npos);
}

TEST_CASE("results: hostile texts leave json valid and harmless") {
  std::vector<DeviceResult> rows;
  for (const std::string& text : hostile_texts()) rows.push_back(hostile(text));

  const std::string out = written({.format = ResultsFormat::json}, rows);

  CHECK(is_harmless(out));
  CHECK(boost::json::parse(out).at("results").as_array().size() == rows.size());
}

TEST_CASE("results: table rows are single harmless lines, no wider than asked for") {
  std::vector<DeviceResult> rows{accepted("dev-1")};
  for (const std::string& text : hostile_texts()) rows.push_back(hostile(text));
  for (const int columns : {0, 40, 80}) {
    CAPTURE(columns);
    const std::string out = written({.format = ResultsFormat::table, .columns = columns}, rows);

    CHECK(is_harmless(out));
    CHECK(static_cast<std::size_t>(std::ranges::count(out, '\n')) == rows.size() + 1);
    std::istringstream lines{out};
    for (std::string line; std::getline(lines, line);) {
      if (columns > 0) CHECK(columns_of(line) <= columns);
      CHECK(columns_of(line) <= 222);
    }
  }
}

TEST_CASE("results: rows leave in blocks, so that memory does not grow with their number") {
  for (const ResultsFormat format : {ResultsFormat::table, ResultsFormat::json, ResultsFormat::ndjson,
                                     ResultsFormat::csv, ResultsFormat::txt}) {
    std::size_t blocks = 0;
    std::size_t largest = 0;
    ResultsWriter writer{{.format = format}, [&](std::string_view block) -> Result<void> {
                           ++blocks;
                           largest = std::max(largest, block.size());
                           return {};
                         }};
    for (int i = 0; i < 30'000; ++i) REQUIRE(writer.write(accepted("device-with-a-name")));
    REQUIRE(writer.finish().has_value());

    CHECK(blocks > 5);
    CHECK(largest < 66 * 1024);
    CHECK(writer.rows() == 30'000);
  }
}

TEST_CASE("results: the first failure to write stops the rows and is reported at the end") {
  int calls = 0;
  ResultsWriter writer{{.format = ResultsFormat::csv}, [&](std::string_view) -> Result<void> {
                         ++calls;
                         return Error{.message = "broken"};
                       }};
  int rows = 0;
  while (rows < 100'000 && writer.write(accepted("dev-1"))) ++rows;

  CHECK(rows < 2000);
  CHECK_FALSE(writer.write(accepted("dev-1")));
  const Result<void> result = writer.finish();
  REQUIRE(result.has_error());
  CHECK(result.error().message == "broken");
  CHECK(calls == 1);
}

TEST_CASE("results: a full disk is an error, though it may show with the last block only") {
  std::FILE* full = std::fopen("/dev/full", "w");
  REQUIRE(full != nullptr);
  ResultsWriter writer{{.format = ResultsFormat::txt}, sink_to(full)};
  CHECK(writer.write(accepted("dev-1")));

  const Result<void> result = writer.finish();

  REQUIRE(result.has_error());
  CHECK(result.error().message.find("No space left") != std::string::npos);
  CHECK_FALSE(result.error().hint.empty());
  std::fclose(full);
}

TEST_CASE("results: words for formats and states are read, and `split` and `succeeded` are none") {
  CHECK(results_format_from("ndjson") == ResultsFormat::ndjson);
  CHECK_FALSE(results_format_from("xml"));
  CHECK(device_state_word(ChunkState::succeeded) == "accepted");
  CHECK(device_state_from("accepted") == ChunkState::succeeded);
  CHECK(device_state_from("in_doubt") == ChunkState::in_doubt);
  CHECK_FALSE(device_state_from("succeeded"));
  CHECK_FALSE(device_state_from("split"));
}
