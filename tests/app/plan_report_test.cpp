// SPDX-License-Identifier: MIT
#include "app/plan_report.hpp"

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>

#include "app/hostile_texts.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

constexpr UtcTime midnight{std::chrono::seconds{1'767'225'600}};  // 2026-01-01T00:00:00Z

RunForecast forecast_of(std::vector<PlannedStage> stages, const Job& job = {}) {
  return forecast(job, {.rate = 10, .in_flight = 32}, std::move(stages), midnight).value();
}

std::string line_of(const Plan& plan, std::string_view name) {
  const std::string text = plan_text(plan);
  const std::size_t begin = text.find("\n" + std::string{name} + " ");
  if (begin == std::string::npos) return {};
  return text.substr(begin + 12, text.find('\n', begin + 1) - begin - 12);
}

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
          .forecast = forecast_of({{.name = "all", .devices = 50'000, .chunks = 500}}),
          .next_command = "sluice run job.json"};
}

}  // namespace

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
        "time       about 50s, limited by: request rate\n"
        "floors     request rate 50s, device rate none, soak and windows none\n"
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
  // 499 intervals, the last answer, and the pacer's guard.
  CHECK(json.at("seconds_at_least").as_double() == doctest::Approx(49.95));
  CHECK(json.at("seconds_predicted").as_double() == doctest::Approx(49.95).epsilon(0.002));
  CHECK(json.at("limited_by") == "request rate");
  CHECK(json.at("starts_at") == "2026-01-01T00:00:00.000Z");
  CHECK(json.at("ends_at").as_string().starts_with("2026-01-01T00:00:"));
  CHECK(json.at("floors").at("request_rate").as_double() == doctest::Approx(49.95));
  CHECK(json.at("window").is_null());
  CHECK(json.at("warnings").as_array().empty());
  CHECK(json.at("stages").as_array().size() == 1);
  CHECK(json.at("worst_case_overshoot") == 3200);
}

TEST_CASE("plan: what is left out and different arguments have lines of their own, if there are any") {
  Plan plan = fleet_of_50_000();
  plan.left_out = {.unmatched = 1'000, .denied = 3};
  plan.groups = 37;
  plan.digest = "ab12";

  CHECK(line_of(plan, "left out") == "1,000 not matched by the condition, 3 denied by the tenant's list");
  CHECK(line_of(plan, "arguments") == "37 different ones");
  const auto json = boost::json::parse(plan_json(plan));
  CHECK(json.at("unmatched") == 1'000);
  CHECK(json.at("excluded") == 0);
  CHECK(json.at("denied") == 3);
  CHECK(json.at("groups") == 37);
  CHECK(json.at("digest") == "ab12");
}

TEST_CASE("plan: each stage is told with its floor, and what comes before and after it") {
  Plan plan = fleet_of_50_000();
  plan.forecast =
      forecast_of({{.name = "canary", .devices = 20, .chunks = 1, .soak = 30min},
                   {.name = "none", .devices = 0, .chunks = 0},
                   {.name = "rest", .devices = 49'980, .chunks = 500, .soak = 1h, .awaits_approval = true}});

  CHECK(line_of(plan, "time") == "about 30m50s, limited by: soak and windows");
  CHECK(line_of(plan, "floors") == "request rate 50s, device rate none, soak and windows 30m00s");
  const std::string text = plan_text(plan);
  CHECK(
      text.find(
          "stage      canary: 20 devices, after 0s for 0.0s, limited by: soak and windows; then it soaks for "
          "30m00s\n"
          "stage      none: 0 devices\n"
          "stage      rest: 49,980 devices, after 30m00s for 50s, limited by: request rate; waits for an "
          "approval before it, which is not foreseen\n") != std::string::npos);
  const auto json = boost::json::parse(plan_json(plan));
  CHECK(json.at("stages").at(0).at("soak").as_double() == 1800);
  CHECK(json.at("stages").at(2).at("awaits_approval") == true);
  CHECK(json.at("stages").at(2).at("limited_by") == "request rate");
}

TEST_CASE("plan: a window is told with the first request's time, a deadline before the end with a warning") {
  Job job;
  job.window = SendWindow{"Asia/Shanghai", {{60min, 300min}}};  // from 17:00 UTC on
  job.deadline = 17h + 20s;
  Plan plan = fleet_of_50_000();
  plan.forecast = forecast_of(plan.forecast.stages, job);

  CHECK(line_of(plan, "time") == "about 17h00m, limited by: soak and windows");
  CHECK(line_of(plan, "window") ==
        "01:00-05:00 in Asia/Shanghai; the first request goes out at 2026-01-01T17:00:00Z");
  CHECK(line_of(plan, "deadline") == "2026-01-01T17:00:20Z");
  CHECK(line_of(plan, "warning") ==
        "the run would take until 2026-01-01T17:00:50Z at least, and its deadline is 2026-01-01T17:00:20Z: "
        "what is "
        "left then is not sent");
  CHECK(boost::json::parse(plan_json(plan)).at("warnings").as_array().size() == 1);

  job.deadline = 18h;
  plan.forecast = forecast_of(plan.forecast.stages, job);
  CHECK(line_of(plan, "warning").empty());
}

TEST_CASE("plan: a window that opens only after the deadline is an error") {
  Job job;
  job.window = SendWindow{"Asia/Shanghai", {{60min, 300min}}};
  job.deadline = 17h;

  const auto foreseen = forecast(job, {.rate = 10, .in_flight = 32}, {{.devices = 1, .chunks = 1}}, midnight);

  REQUIRE(foreseen.has_error());
  CHECK(foreseen.error().kind == ErrorKind::invalid_input);
  CHECK(foreseen.error().message ==
        "the window 01:00-05:00 in Asia/Shanghai opens at 2026-01-01T17:00:00Z, and the deadline is "
        "2026-01-01T17:00:00Z: nothing would be sent");
}

TEST_CASE("plan: a window too short for so many requests is told as such") {
  Job job;
  job.window = SendWindow{"UTC", {{60min, 61min}}};
  Plan plan = fleet_of_50_000();
  plan.forecast = forecast({job}, {.rate = 0.01, .in_flight = 32},
                           {{.name = "all", .devices = 10'000'000, .chunks = 100'000}}, midnight)
                      .value();

  CHECK(line_of(plan, "time") == "more than ten years: the window is too short for so many requests");
  CHECK(boost::json::parse(plan_json(plan)).at("ends_at").is_null());
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
    CHECK(std::ranges::count(plan_text(plan), '\n') == 11);
  }
}
