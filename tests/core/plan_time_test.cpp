// SPDX-License-Identifier: MIT
#include "sluice/core/plan_time.hpp"

#include <doctest/doctest.h>

#include "sluice/core/window_rules.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using std::chrono::microseconds;

namespace {

constexpr UtcTime midnight{std::chrono::seconds{1'767'225'600}};  // 2026-01-01T00:00:00Z

double seconds(microseconds time) { return std::chrono::duration<double>(time).count(); }

PlannedStage stage(std::int64_t devices, std::chrono::milliseconds soak = 0ms) {
  return {.name = "s", .devices = devices, .chunks = (devices + 99) / 100, .soak = soak};
}

SendWindow window(std::string_view span) { return {"UTC", {parse_daily_span(span).value()}}; }

PlanTime plan(std::vector<PlannedStage> stages, const PlannedPace& pace = {}, UtcTime start = midnight) {
  return plan_time(stages, pace, start);
}

}  // namespace

TEST_CASE("plan time: 50,000 devices at ten requests a second take 49.9 s and the last answer") {
  const PlanTime planned = plan({stage(50'000)});

  // 499 intervals of 100 ms, and 50 ms. The pacer's guard adds a fifth of a millisecond a second.
  CHECK(seconds(planned.total) == doctest::Approx(49.95).epsilon(0.002));
  CHECK(planned.floors.request_rate == 49'950ms);
  CHECK(planned.floors.device_rate == 0ms);
  CHECK(planned.floors.soak_and_windows == 0ms);
  CHECK(binding_floor(planned.floors) == TimeFloor::request_rate);
  CHECK_FALSE(planned.floors.is_latency_bound);
}

TEST_CASE("plan time: a single request takes one answer, none takes nothing") {
  CHECK(plan({stage(1)}).total == 50ms);
  CHECK(plan({stage(0)}).total == 0ms);
  CHECK(plan({}).total == 0ms);
  CHECK(binding_floor(plan({stage(0, 30min)}).floors) == TimeFloor::nothing);
}

TEST_CASE("plan time: one request in flight at 500 ms makes two a second, whatever the rate") {
  const PlanTime planned = plan({stage(10'000)}, {.in_flight_max = 1, .latency = 500ms});

  // 100 answers, one after the other.
  CHECK(seconds(planned.total) == doctest::Approx(50.0).epsilon(0.001));
  CHECK(planned.floors.request_rate == 50s);
  CHECK(planned.floors.is_latency_bound);
}

TEST_CASE("plan time: devices a minute bind when they are fewer than the requests would reach") {
  const PlanTime planned = plan({stage(3'000)}, {.devices_per_minute = 600});

  // 29 chunks of 100 are paid for with 10 s each before the last one goes out.
  CHECK(seconds(planned.total) == doctest::Approx(290.05).epsilon(0.001));
  CHECK(planned.floors.device_rate == 290s);
  CHECK(planned.floors.request_rate == 2'950ms);
  CHECK(binding_floor(planned.floors) == TimeFloor::device_rate);
}

TEST_CASE("plan time: a rest is paid for before the next stage's first chunk") {
  const PlanTime planned = plan({stage(150), stage(100)}, {.devices_per_minute = 60});

  // 100 devices: 100 s, 50 more: 50 s; then the second stage's chunk goes out.
  CHECK(planned.stages.at(1).begins == 150s);
  CHECK(planned.total == 150'050ms);
}

TEST_CASE("plan time: a stage soaks after its last answer, the last one does not") {
  const PlanTime planned = plan({stage(20, 30min), stage(480, 1h), stage(500, 2h)});

  CHECK(planned.stages.at(0).ends == 50ms);
  CHECK(planned.stages.at(1).begins == 30min + 50ms);
  CHECK(planned.stages.at(0).floors.soak_and_windows == 30min);
  CHECK(binding_floor(planned.stages.at(0).floors) == TimeFloor::soak_and_windows);
  CHECK(planned.stages.at(2).floors.soak_and_windows == 0ms);
  CHECK(binding_floor(planned.stages.at(2).floors) == TimeFloor::request_rate);
  CHECK(planned.floors.soak_and_windows == 90min);
  // Three first answers, four intervals in each of the longer ones; early on the pacer does not know yet how
  // fast the fastest path is.
  CHECK(seconds(planned.total) == doctest::Approx(5400 + 0.95).epsilon(0.00005));
}

TEST_CASE("plan time: a stage without devices is over at once and does not soak") {
  const PlanTime planned = plan({stage(0, 30min), stage(100, 1h), stage(0, 1h)});

  CHECK(planned.total == 50ms);
  CHECK(planned.floors.soak_and_windows == 0ms);
  CHECK(planned.stages.at(0) == StageTime{});
}

TEST_CASE("plan time: what does not fit in tonight's window waits for tomorrow's") {
  // One request a second for 36,000 devices: 360 s, of which 60 fit in each minute-long window.
  const PlanTime planned = plan({stage(36'000)}, {.requests_per_second = 1, .window = window("01:00-01:01")});

  // Six nights, the first one an hour away; the sixth one's last send is 59 s in.
  CHECK(seconds(planned.total) == doctest::Approx(5 * 86'400 + 3'600 + 59 + 0.05).epsilon(0.000001));
  CHECK(planned.stages.at(0).begins == 1h);
  CHECK(binding_floor(planned.floors) == TimeFloor::soak_and_windows);
  CHECK_FALSE(planned.is_endless);
}

TEST_CASE("plan time: a soak that ends while the window is closed is followed by a wait") {
  const PlanTime planned = plan({stage(100, 90min), stage(100)}, {.window = window("00:00-01:00")});

  CHECK(planned.stages.at(1).begins == 24h);
  CHECK(planned.total == 24h + 50ms);
  CHECK(planned.floors.soak_and_windows == 24h - 50ms);
}

TEST_CASE("plan time: of a very long run the rest is a multiple of its beginning") {
  const PlanTime planned = plan({stage(100'000'000)});

  // 999,999 intervals of 100 ms and a guard of 0.2 ms in each ten.
  CHECK(seconds(planned.total) == doctest::Approx(100'000 + 20).epsilon(0.00001));
}

TEST_CASE("plan time: of a very long run each night takes its share, and ten years are enough to look at") {
  const PlannedPace nightly{.requests_per_second = 10, .window = window("01:00-02:00")};
  // 36,000 requests a night fit in theory, three fewer or so by the guard: 100,000 need three nights.
  const PlanTime three_nights = plan({stage(10'000'000)}, nightly);
  CHECK(three_nights.total > 2 * 24h + 1h);
  CHECK(three_nights.total < 2 * 24h + 2h);
  CHECK_FALSE(three_nights.is_endless);

  const PlanTime endless =
      plan({stage(1'000'000'000)}, {.requests_per_second = 0.01, .window = window("01:00-01:01")});
  CHECK(endless.is_endless);
  CHECK(endless.total > std::chrono::days{3650});
}

TEST_CASE("plan time: chunks that are not full take their devices' share each") {
  // Ten groups of 50 devices: ten chunks, nine of them paid for with 50 s.
  const PlanTime planned =
      plan({{.name = "groups", .devices = 500, .chunks = 10}}, {.devices_per_minute = 60});

  CHECK(seconds(planned.total) == doctest::Approx(450.05).epsilon(0.0001));
}
