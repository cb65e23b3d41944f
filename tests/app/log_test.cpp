// SPDX-License-Identifier: MIT
#include "app/log.hpp"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <string>
#include <vector>

#include "clock/virtual_clock.hpp"
#include "jobfile/findings.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

struct Lines {
  boost::asio::io_context context;
  VirtualClock clock{context};
  std::vector<std::string> lines;

  Log log(LogConfig config, FloodOptions floods = {}) {
    return Log{clock, config, floods, [this](std::string_view line) { lines.emplace_back(line); }};
  }
};

constexpr LogConfig in_logfmt{.format = LogFormat::logfmt};

struct ReadConfig {
  LogConfig config;
  std::string error;  ///< empty: none
};

ReadConfig read(std::string text) {
  const auto document = JsonDocument::parse("c.json", std::move(text));
  REQUIRE(document.has_value());
  Findings findings{*document};
  const LogConfig config = read_log_config(document->root(), "log", findings);
  return {config, findings.empty() ? "" : findings.to_error().message};
}

}  // namespace

TEST_CASE("log: an event below the level is not told, until the level is lowered") {
  Lines out;
  Log log = out.log(in_logfmt);

  log.debug("attempt_settled");
  log.set_level(LogLevel::debug);
  log.debug("attempt_settled", {{"run", 7}});

  CHECK(out.lines ==
        std::vector<std::string>{"ts=2023-11-14T22:13:20.000000Z level=debug msg=attempt_settled run=7"});
}

TEST_CASE("log: a flood is told as one line with its count, at the next event or when it is asked for") {
  Lines out;
  Log log = out.log(in_logfmt, {.told_max = 2, .span = 10s});

  for (int i = 0; i < 502; ++i) log.warning("throttled", {{"tenant", "prod"}, {"chunk", i}});
  CHECK(out.lines.size() == 2);
  out.clock.run_until(out.clock.steady_now() + 10s);
  log.tell_floods();

  REQUIRE(out.lines.size() == 3);
  CHECK(out.lines.back() ==
        "ts=2023-11-14T22:13:30.000000Z level=warning msg=events_suppressed event=throttled count=500 "
        "seconds=10 "
        "tenant=prod");
}

TEST_CASE("log: one tenant's flood leaves the events of another untouched") {
  Lines out;
  Log log = out.log(in_logfmt, {.told_max = 2, .span = 10s});

  for (int i = 0; i < 100; ++i) log.warning("throttled", {{"tenant", "loud"}});
  log.warning("throttled", {{"tenant", "calm"}});

  CHECK(out.lines.size() == 3);
  CHECK(out.lines.back().ends_with("tenant=calm"));
}

TEST_CASE("log: whoever asks for debug lines gets every one") {
  Lines out;
  Log log = out.log({.format = LogFormat::json, .level = LogLevel::debug}, {.told_max = 2, .span = 10s});

  for (int i = 0; i < 100; ++i) log.debug("attempt_settled");

  CHECK(out.lines.size() == 100);
  CHECK(out.lines.back() ==
        R"({"ts":"2023-11-14T22:13:20.000000Z","level":"debug","msg":"attempt_settled"})");
}

TEST_CASE("log: what was kept back is told when the log ends") {
  Lines out;
  {
    Log log = out.log(in_logfmt, {.told_max = 1, .span = 10s});
    log.info("a");
    log.info("a");
  }

  REQUIRE(out.lines.size() == 2);
  CHECK(out.lines.back().find("msg=events_suppressed event=a count=1") != std::string::npos);
}

TEST_CASE("log: its section of the configuration names a form and a level") {
  CHECK(read("{}").config == LogConfig{LogFormat::fitting, LogLevel::info});
  CHECK(read(R"({"format": "json", "level": "debug"})").config ==
        LogConfig{LogFormat::json, LogLevel::debug});
  CHECK(read(R"({"format": "auto", "level": "warning"})").config ==
        LogConfig{LogFormat::fitting, LogLevel::warning});
  CHECK(read(R"({"format": "xml"})").error.find("log.format") != std::string::npos);
  CHECK(read(R"({"format": "xml"})").error.find("\"auto\", \"logfmt\" or \"json\"") != std::string::npos);
  CHECK(read(R"({"levle": "info"})").error.find("level") != std::string::npos);
}
