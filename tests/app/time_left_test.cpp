// SPDX-License-Identifier: MIT
#include "app/time_left.hpp"

#include <doctest/doctest.h>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

constexpr UtcTime midnight{std::chrono::seconds{1'767'225'600}};  // 2026-01-01T00:00:00Z

RunRecord run_with(std::int64_t pending, std::int64_t accepted, int stage = 1) {
  RunRecord run;
  run.rate = 10;
  run.stage = stage;
  run.devices = {.pending = pending, .accepted = accepted};
  run.chunks = {.pending = (pending + 99) / 100, .accepted = (accepted + 99) / 100};
  return run;
}

/// A canary of 20 that soaks for half an hour, and the rest of a thousand.
Job canary_job() {
  Job job;
  job.rollout.stages = {{.name = "canary", .devices = 20}, {.name = "rest", .percent = everything}};
  job.rollout.stages[0].soak = 30min;
  return job;
}

std::vector<StageRecord> canary_stages() {
  return {{.number = 1, .name = "canary", .devices = 20}, {.number = 2, .name = "rest", .devices = 980}};
}

double seconds(std::optional<std::chrono::microseconds> time) {
  REQUIRE(time.has_value());
  return std::chrono::duration<double>(*time).count();
}

}  // namespace

TEST_CASE("time left: a job that waits for nothing but the request rate has none of its own") {
  CHECK(time_left(run_with(1'000, 0), {}, {}, midnight) == std::nullopt);
}

TEST_CASE("time left: a closed window is waited for") {
  Job job;
  job.window = SendWindow{"UTC", {{60min, 300min}}};

  CHECK(seconds(time_left(run_with(500, 500), job, {}, midnight)) == doctest::Approx(3'600 + 0.45));
  CHECK(seconds(time_left(run_with(500, 500), job, {}, midnight + 2h)) == doctest::Approx(0.45));
}

TEST_CASE("time left: devices a minute are waited for") {
  Job job;
  job.devices_per_minute = 600;

  // Five chunks: four of them are paid for with 10 s each.
  CHECK(seconds(time_left(run_with(500, 500), job, {}, midnight)) == doctest::Approx(40.05));
}

TEST_CASE(
    "time left: before the canary has settled its whole soak is to come, after that what is left of it") {
  const double rest = 0.05 + 0.9;  // ten chunks; the pacer may not know the fastest path yet

  CHECK(seconds(time_left(run_with(1'000, 0), canary_job(), canary_stages(), midnight)) ==
        doctest::Approx(1'800 + 0.05 + rest).epsilon(0.0001));

  std::vector<StageRecord> soaking = canary_stages();
  soaking[0].settled_at = midnight - 20min;
  CHECK(seconds(time_left(run_with(980, 20), canary_job(), soaking, midnight)) ==
        doctest::Approx(600 + rest).epsilon(0.0001));

  soaking[0].settled_at = midnight - 40min;
  CHECK(seconds(time_left(run_with(980, 20), canary_job(), soaking, midnight)) == doctest::Approx(rest));
}

TEST_CASE("time left: of the stage under way its rest counts, and no soak is to come after the last one") {
  Job job = canary_job();
  job.rollout.stages[1].soak = 1h;

  CHECK(seconds(time_left(run_with(500, 500, /*stage=*/2), job, canary_stages(), midnight)) ==
        doctest::Approx(0.45));
}
