// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <utility>

#include "sluice/jobfile/job_file.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

/// A job with this schedule, on the second line from column 13 on.
std::string job_with(const std::string& schedule) {
  return "{\"name\": \"n\", \"call\": {\"product_key\": \"a1BwAGVxxxx\", \"identifier\": "
         "\"Set\"},\n\"schedule\": " +
         schedule + "}";
}

std::string error_of(const std::string& schedule) {
  const auto read = read_job("job.json", job_with(schedule));
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().kind == ErrorKind::invalid_input);
  return read.error().message;
}

}  // namespace

TEST_CASE("schedule reader: what is left out is UTC, run once within the hour, skip an overlap, now") {
  const auto read = read_job("job.json", job_with(R"({"cron": "30 2 * * *"})"));

  REQUIRE(read.has_value());
  CHECK(read->schedule == Schedule{.cron = "30 2 * * *",
                                   .zone = "UTC",
                                   .missed = {MissedTicks::Policy::run_once, 1},
                                   .start_deadline = 1h,
                                   .overlap = Overlap::skip,
                                   .spread = 0ms,
                                   .until = std::nullopt,
                                   .is_paused = false});
}

TEST_CASE("schedule reader: each member arrives") {
  const auto read = read_job("job.json", job_with(R"({"cron": "every 6h", "zone": "Asia/Shanghai",
    "missed": {"run_all": 5}, "start_deadline": "2h", "overlap": "cancel_running", "spread": "10m",
    "until": "2027-01-01T00:00:00Z", "paused": true})"));

  REQUIRE(read.has_value());
  CHECK(read->schedule == Schedule{.cron = "every 6h",
                                   .zone = "Asia/Shanghai",
                                   .missed = {MissedTicks::Policy::run_all, 5},
                                   .start_deadline = 2h,
                                   .overlap = Overlap::cancel_running,
                                   .spread = 10min,
                                   .until = from_iso_seconds("2027-01-01T00:00:00Z"),
                                   .is_paused = true});
}

TEST_CASE("schedule reader: a job without a schedule has none") {
  const auto read = read_job("job.json", R"({"name": "n", "call": {"product_key": "p", "identifier": "i"}})");

  CHECK(read->schedule == std::nullopt);
}

TEST_CASE("schedule reader: what is wrong is told with its place and what would be right") {
  CHECK(error_of("{}").starts_with("job.json:2:13: schedule.cron: missing"));
  CHECK(error_of(R"({"cron": "0 0 L * *"})") ==
        "job.json:2:22: schedule.cron: after \"0 0 \": \"L\", the last day, is not known here; write 28, or "
        "1 for the "
        "day after it");
  CHECK(error_of(R"({"cron": "@daily", "zone": "Europe/Berlim"})") ==
        "job.json:2:40: schedule.zone: \"Europe/Berlim\" is no time zone; did you mean \"Europe/Berlin\"?");
  CHECK(error_of(R"({"cron": "@daily", "missed": "all"})") ==
        "job.json:2:42: schedule.missed: \"all\" does not fit; expected \"skip\", \"run_once\" or "
        "{\"run_all\": N}");
  CHECK(error_of(R"({"cron": "@daily", "missed": {"run_all": 0}})")
            .starts_with("job.json:2:54: schedule.missed.run_all: 0"));
  CHECK(error_of(R"({"cron": "@daily", "overlap": "skp"})") ==
        "job.json:2:43: schedule.overlap: \"skp\" is no such word; did you mean \"skip\"?");
  CHECK(error_of(R"({"cron": "@daily", "until": "tomorrow"})")
            .find("schedule.until: \"tomorrow\" does not fit") != std::string::npos);
  CHECK(error_of(R"({"cron": "@daily", "every": "6h"})").find("schedule.every: unknown key") !=
        std::string::npos);
  CHECK(error_of(R"({"cron": "\u001b[2J * * * *"})").find('\x1b') == std::string::npos);
}
