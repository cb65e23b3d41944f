// SPDX-License-Identifier: MIT
// Expressions by chance against an implementation of others: croniter, asked by cron_expectations.py.
#include <doctest/doctest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "sluice/core/timetable.hpp"

using namespace sluice;

namespace {

struct Expectation {
  std::string zone;
  std::string cron;
  UtcTime after;
  std::vector<UtcTime> ticks;
};

UtcTime seconds(const std::string& text) { return UtcTime{std::chrono::seconds{std::stoll(text)}}; }

Expectation expectation_of(const std::string& line) {
  std::istringstream fields(line);
  Expectation expectation;
  std::string after;
  std::string ticks;
  std::getline(fields, expectation.zone, '\t');
  std::getline(fields, expectation.cron, '\t');
  std::getline(fields, after, '\t');
  std::getline(fields, ticks, '\t');
  expectation.after = seconds(after);
  std::istringstream list(ticks);
  for (std::string tick; std::getline(list, tick, ',');) expectation.ticks.push_back(seconds(tick));
  return expectation;
}

std::vector<Expectation> expectations(const std::string& seed, int count) {
  const std::string command = "/usr/bin/python3 '" SLUICE_SOURCE_DIR "/tests/core/cron_expectations.py' " +
                              seed + " " + std::to_string(count);
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  REQUIRE(pipe != nullptr);
  std::vector<Expectation> found;
  std::string line;
  for (int c = std::fgetc(pipe.get()); c != EOF; c = std::fgetc(pipe.get())) {
    if (c != '\n') {
      line += static_cast<char>(c);
      continue;
    }
    found.push_back(expectation_of(line));
    line.clear();
  }
  return found;
}

}  // namespace

TEST_CASE("cron: expressions by chance are due when croniter says so") {
  // Another seed each week, so that time finds what one seed does not; SLUICE_TEST_SEED repeats one.
  const char* given = std::getenv("SLUICE_TEST_SEED");
  const auto week = std::chrono::system_clock::now().time_since_epoch() / std::chrono::weeks{1};
  const std::string seed = given ? given : std::to_string(week);
  CAPTURE(seed);
  constexpr int count = 1500;

  const std::vector<Expectation> all = expectations(seed, count);

  REQUIRE(all.size() == count);
  for (const Expectation& expected : all) {
    CAPTURE(expected.zone);
    CAPTURE(expected.cron);
    CAPTURE(to_iso_seconds(expected.after));
    const auto parsed = parse_cron(expected.cron);
    REQUIRE(std::holds_alternative<CronExpression>(parsed));
    const Timetable timetable{std::get<CronExpression>(parsed), expected.zone, {}};
    UtcTime time = expected.after;
    for (const UtcTime tick : expected.ticks) {
      const auto next = next_tick(timetable, time);
      REQUIRE(next.has_value());
      CHECK(to_iso_seconds(*next) == to_iso_seconds(tick));
      time = tick;
    }
    CHECK(count_ticks(timetable, expected.after, expected.ticks.back()) == std::ssize(expected.ticks));
  }
}
