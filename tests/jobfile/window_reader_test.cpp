// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "sluice/jobfile/job_file.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

/// A job with this window, on the second line from column 11 on.
std::string job_with_window(const std::string& window) {
  return "{\"name\": \"n\", \"call\": {\"product_key\": \"a1BwAGVxxxx\", \"identifier\": "
         "\"Set\"},\n\"window\": " +
         window + "}";
}

std::string error_of(const std::string& text) {
  const auto read = read_job("job.json", text);
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().kind == ErrorKind::invalid_input);
  return read.error().message;
}

std::string error_of_window(const std::string& window) { return error_of(job_with_window(window)); }

}  // namespace

TEST_CASE("window reader: zone and spans arrive in the order of the file") {
  const auto read = read_job(
      "job.json", job_with_window(R"({"zone": "Asia/Shanghai", "allow": ["22:00-02:00", "02:00-05:30"]})"));

  REQUIRE(read.has_value());
  CHECK(read->window == SendWindow{"Asia/Shanghai", {{1320min, 120min}, {120min, 330min}}});
}

TEST_CASE("window reader: a job without a window has none, and its deadline is a duration") {
  const std::string start = "{\"name\": \"n\", \"call\": {\"product_key\": \"p\", \"identifier\": \"i\"}";

  CHECK(read_job("job.json", start + "}")->window == std::nullopt);
  CHECK(read_job("job.json", start + "}")->deadline == std::nullopt);
  CHECK(read_job("job.json", start + ", \"deadline\": \"8h\"}")->deadline == 8h);
  CHECK(error_of(start + ",\n\"deadline\": \"8 h\"}")
            .starts_with("job.json:2:13: deadline: \"8 h\" does not fit"));
}

TEST_CASE("window reader: an unknown zone is told with the nearest one") {
  CHECK(error_of_window(R"({"zone": "Asia/Shangai", "allow": ["01:00-05:00"]})") ==
        "job.json:2:20: window.zone: \"Asia/Shangai\" is no time zone; did you mean \"Asia/Shanghai\"?");
  CHECK(error_of_window(R"({"zone": "europe/berlin", "allow": ["01:00-05:00"]})")
            .ends_with("\"Europe/Berlin\"?"));
  CHECK(error_of_window(R"({"zone": "Beijing time \u001b[0m", "allow": ["01:00-05:00"]})") ==
        "job.json:2:20: window.zone: \"Beijing time \\x1B[0m\" is no time zone; expected the name of a time "
        "zone, "
        "for example \"Asia/Shanghai\"");
}

TEST_CASE("window reader: a window that could never open is refused") {
  CHECK(error_of_window(R"({"zone": "UTC", "allow": []})") ==
        "job.json:2:36: window.allow: the list is empty, so nothing would ever be sent; expected at least "
        "one span");
  CHECK(error_of_window(R"({"zone": "UTC", "allow": ["05:00-05:00"]})") ==
        "job.json:2:37: window.allow[0]: \"05:00-05:00\" has no length; expected an end after its beginning "
        "(the "
        "whole day is \"00:00-24:00\")");
  CHECK(error_of_window(R"({"zone": "UTC"})")
            .starts_with("job.json:2:11: window.allow: missing; expected a list"));
  CHECK(error_of_window(R"({"allow": ["01:00-05:00"]})").starts_with("job.json:2:11: window.zone: missing"));
}

TEST_CASE("window reader: every span that does not fit is told at its place") {
  const std::string message = error_of_window(R"({"zone": "UTC", "allow": ["1-5", 7, "23:00-25:00"]})");

  CHECK(message.find(
            "job.json:2:37: window.allow[0]: \"1-5\" does not fit; expected two times of day, for example "
            "\"01:00-05:00\", from 00:00 to 24:00") != std::string::npos);
  CHECK(message.find("job.json:2:44: window.allow[1]: a number where a span belongs") != std::string::npos);
  CHECK(message.find("job.json:2:47: window.allow[2]: \"23:00-25:00\" does not fit") != std::string::npos);
}

TEST_CASE("window reader: spans may touch, and one that overlaps is told with the other") {
  CHECK(
      read_job("job.json",
               job_with_window(R"({"zone": "UTC", "allow": ["01:00-02:00", "02:00-03:00", "23:00-01:00"]})"))
          .has_value());
  CHECK(error_of_window(R"({"zone": "UTC", "allow": ["bad", "22:00-02:00", "01:30-03:00"]})")
            .find("job.json:2:59: window.allow[2]: 01:30-03:00 overlaps with allow[1], 22:00-02:00; expected "
                  "spans "
                  "that at most touch") != std::string::npos);
}

TEST_CASE("window reader: unknown keys and wrong kinds are told like anywhere else") {
  CHECK(error_of_window(R"({"zone": "UTC", "alow": ["01:00-05:00"]})").find("did you mean \"allow\"?") !=
        std::string::npos);
  CHECK(error_of_window("[]").find("window: a list where something else belongs") != std::string::npos);
  CHECK(error_of_window(R"({"zone": 8, "allow": "01:00-05:00"})").find("window.allow: text where") !=
        std::string::npos);
}
