// SPDX-License-Identifier: MIT
// What plan_time foresees against what the shipped dispatcher takes, where stages, windows and a device rate
// decide.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "sluice/core/plan_time.hpp"
#include "sluice/core/window_rules.hpp"
#include "support/engine_bench.hpp"

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;

namespace {

ScriptedAnswer all_well(const SentRequest&, std::size_t) { return {50ms, accepted_answer()}; }

// The bench's clock begins at 2023-11-14T22:13:20Z.
constexpr UtcTime bench_start{std::chrono::seconds{1'700'000'000}};

struct Seconds {
  double predicted = 0;
  double taken = 0;
};

double in_seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

/// Stages of so many devices, each with its soak.
Job job_with(const std::vector<std::pair<int, std::chrono::milliseconds>>& stages) {
  Job job;
  for (const auto& [devices, soak] : stages) {
    job.rollout.stages.push_back(
        {.name = "s" + std::to_string(job.rollout.stages.size()), .devices = devices});
    job.rollout.stages.back().soak = soak;
  }
  return job;
}

Seconds predict_and_send(const Job& job, const std::vector<int>& stages, double rate) {
  int devices = 0;
  std::vector<PlannedStage> planned;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    devices += stages[i];
    planned.push_back({.devices = stages[i], .chunks = (stages[i] + 99) / 100});
    if (i < job.rollout.stages.size()) planned.back().soak = job.rollout.stages[i].soak;
  }
  const PlanTime time = plan_time(
      planned,
      {.requests_per_second = rate, .devices_per_minute = job.devices_per_minute, .window = job.window},
      bench_start);

  EngineBench bench{all_well};
  bench.submit(devices, job, job.rollout.stages.empty() ? std::vector<int>{} : stages);
  REQUIRE(
      bench.dispatch([rate](DispatcherConfig& config) { config.requests_per_second = rate; }).has_value());
  REQUIRE(bench.observer.settled.size() >= planned.size());
  return {in_seconds(time.total), in_seconds(bench.observer.last_settled_at - bench.start)};
}

SendWindow window(std::string_view span) { return {"UTC", {parse_daily_span(span).value()}}; }

}  // namespace

TEST_CASE("forecast: stages and soaks take what was foreseen, by five percent") {
  const std::vector<std::vector<std::pair<int, std::chrono::milliseconds>>> rollouts{
      {{20, 30min}, {480, 0ms}, {500, 0ms}},
      {{20, 5s}, {80, 5s}, {900, 0ms}},
      {{1, 0ms}, {1, 0ms}, {1, 0ms}},
      {{100, 1s}, {19'900, 1h}}};
  for (const auto& rollout : rollouts) {
    for (const double rate : {1.0, 4.0, 10.0, 50.0}) {
      std::vector<int> sizes;
      for (const auto& [devices, soak] : rollout) sizes.push_back(devices);
      CAPTURE(rate);
      CAPTURE(sizes.size());
      CAPTURE(sizes.back());

      const Seconds seconds = predict_and_send(job_with(rollout), sizes, rate);

      CHECK(seconds.taken == doctest::Approx(seconds.predicted).epsilon(0.05));
    }
  }
}

TEST_CASE("forecast: a device rate takes what was foreseen, by five percent") {
  for (const double devices_per_minute : {600.0, 6'000.0, 60'000.0, 600'000.0}) {
    for (const int devices : {150, 1'000, 5'000}) {
      CAPTURE(devices_per_minute);
      CAPTURE(devices);
      Job job;
      job.devices_per_minute = devices_per_minute;

      const Seconds seconds = predict_and_send(job, {devices}, 10);

      CHECK(seconds.taken == doctest::Approx(seconds.predicted).epsilon(0.05));
    }
  }
}

TEST_CASE("forecast: a window takes what was foreseen, by five percent, over one night or several") {
  // Closed for 46 min 40 s at the start; open for a minute, of which a request a second uses 60; open at the
  // start.
  for (const std::string span : {"23:00-24:00", "23:00-23:01", "22:00-22:14"}) {
    CAPTURE(span);
    Job job;
    job.window = window(span);

    const Seconds seconds = predict_and_send(job, {15'000}, 1);

    CHECK(seconds.taken == doctest::Approx(seconds.predicted).epsilon(0.05));
  }
}
