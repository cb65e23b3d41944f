// SPDX-License-Identifier: MIT
#include "app/plan_report.hpp"

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>

#include "app/hostile_texts.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

Plan fleet_of_50_000() {
  return {.job_name = "fw-2.14-config",
          .tenant = "prod",
          .endpoint = "https://iot.example.com",
          .devices = 50'000,
          .duplicates = 12,
          .chunks = 500,
          .chunk_size = 100,
          .largest_request_bytes = 4321,
          .rate = 10,
          .account_limit = 10,
          .in_flight = 32,
          .at_least = estimate(500, 10, 32, 80ms),
          .next_command = "sluice run job.json"};
}

}  // namespace

TEST_CASE("plan: 10,000 devices at 10 a second take at least 9.9 s, limited by the rate") {
  const Estimate ideal = estimate(100, 10, 32, 50ms);

  CHECK(ideal.seconds == doctest::Approx(9.9));
  CHECK(ideal.limited_by == LimitedBy::request_rate);
}

TEST_CASE("plan: one request in flight at 500 ms makes two a second, whatever the rate") {
  const Estimate slow = estimate(101, 10, 1, 500ms);

  CHECK(slow.seconds == doctest::Approx(50));
  CHECK(slow.limited_by == LimitedBy::latency);
}

TEST_CASE("plan: a single chunk takes no interval, no chunk is limited by nothing") {
  CHECK(estimate(1, 10, 32, 50ms).seconds == 0);
  CHECK(estimate(0, 10, 32, 50ms).seconds == 0);
  CHECK(estimate(0, 10, 32, 50ms).limited_by == LimitedBy::nothing);
}

TEST_CASE("plan: a stop can come too late for all that is in flight, but not for more than there is") {
  Plan plan = fleet_of_50_000();
  CHECK(worst_case_overshoot(plan) == 3200);

  plan.devices = 150;
  CHECK(worst_case_overshoot(plan) == 150);
}

TEST_CASE("plan: the text names every number and says that nothing was sent") {
  CHECK(plan_text(fleet_of_50_000()) ==
        "job        fw-2.14-config\n"
        "tenant     prod at https://iot.example.com\n"
        "devices    50,000 (12 repeated names left out)\n"
        "chunks     500 of at most 100 devices\n"
        "requests   at least 500, the largest of 4,321 bytes\n"
        "rate       10/s of the account's 10/s, at most 32 in flight\n"
        "time       at least 50s, limited by: request rate\n"
        "overshoot  a stop comes too late for at most 3,200 devices (32 requests in flight × 100 devices)\n"
        "in doubt   never sent again without your word\n"
        "Nothing was sent. Next: sluice run job.json\n");
}

TEST_CASE("plan: what becomes of doubt is said in words, whichever way the job says it") {
  const auto line_of = [](bool safe_to_repeat, OnDoubt on_doubt) {
    Plan plan = fleet_of_50_000();
    plan.safe_to_repeat = safe_to_repeat;
    plan.on_doubt = on_doubt;
    CHECK(boost::json::parse(plan_json(plan)).at("on_doubt").as_string() == to_string(on_doubt));
    const std::string text = plan_text(plan);
    const std::size_t begin = text.find("in doubt   ") + 11;
    return text.substr(begin, text.find('\n', begin) - begin);
  };

  CHECK(line_of(false, OnDoubt::hold) == "never sent again without your word");
  CHECK(line_of(false, OnDoubt::presume) == "counted as accepted, presumed: the job says so");
  CHECK(line_of(false, OnDoubt::resend) ==
        "sent again, as the job says: some devices may get the command twice");
  CHECK(line_of(true, OnDoubt::presume) == "sent again: the job says that this is safe");
}

TEST_CASE("plan: a run smaller than what may be in flight is multiplied by nothing, and one is one") {
  Plan plan = fleet_of_50_000();
  plan.devices = 5;
  plan.chunks = 1;
  const std::string few = plan_text(plan);
  CHECK(few.find("at most 5 devices (all of them: up to 32 requests may be in flight)\n") != few.npos);
  CHECK(few.find("at least 1, one of 4,321 bytes\n") != few.npos);

  plan.devices = plan.chunk_size = plan.in_flight = 1;
  const std::string one = plan_text(plan);
  CHECK(one.find("1 of at most 1 device\n") != one.npos);
  CHECK(one.find("at most 1 device (1 request in flight × 1 device)\n") != one.npos);
}

TEST_CASE("plan: the JSON parses and holds the numbers as numbers") {
  const auto json = boost::json::parse(plan_json(fleet_of_50_000()));

  CHECK(json.at("schema_version") == 1);
  CHECK(json.at("devices") == 50'000);
  CHECK(json.at("seconds_at_least").as_double() == doctest::Approx(49.9));
  CHECK(json.at("limited_by") == "request rate");
  CHECK(json.at("worst_case_overshoot") == 3200);
}

TEST_CASE(
    "plan: what is left out, different arguments and stages have lines of their own, if there are any") {
  Plan plan = fleet_of_50_000();
  plan.left_out = {.unmatched = 1'000, .denied = 3};
  plan.groups = 37;
  plan.stages = {{"canary", 20, 1}, {"100%", 49'980, 500}};
  plan.digest = "ab12";

  const std::string text = plan_text(plan);
  CHECK(text.find("devices    50,000 (12 repeated names left out)\n"
                  "left out   1,000 not matched by the condition, 3 denied by the tenant's list\n"
                  "arguments  37 different ones\n"
                  "chunks     500 of at most 100 devices\n"
                  "stage 1    canary: 20 devices in 1 chunk\n"
                  "stage 2    100%: 49,980 devices in 500 chunks\n"
                  "requests ") != text.npos);
  const auto json = boost::json::parse(plan_json(plan));
  CHECK(json.at("unmatched") == 1'000);
  CHECK(json.at("excluded") == 0);
  CHECK(json.at("denied") == 3);
  CHECK(json.at("groups") == 37);
  CHECK(json.at("stages").at(1).at("devices") == 49'980);
  CHECK(json.at("stages").at(0).at("name") == "canary");
  CHECK(json.at("digest") == "ab12");
}

TEST_CASE("plan: hostile names harm neither the terminal nor the JSON") {
  for (const std::string& text : testing::hostile_texts()) {
    CAPTURE(text);
    Plan plan = fleet_of_50_000();
    plan.job_name = plan.tenant = plan.endpoint = plan.next_command = text;

    boost::json::error_code error;
    boost::json::parse(plan_json(plan), error);

    CHECK_FALSE(error);
    CHECK(testing::is_harmless(plan_text(plan)));
    CHECK(std::ranges::count(plan_text(plan), '\n') == 10);
  }
}
