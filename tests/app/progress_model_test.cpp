// SPDX-License-Identifier: MIT
#include "app/progress_model.hpp"

#include <doctest/doctest.h>

#include <array>
#include <random>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

constexpr SteadyTime origin{1000s};

ProgressStart fleet(std::int64_t chunks) {
  return {.run = RunId{7},
          .job_name = "fw",
          .tenant = "prod",
          .devices = {.pending = chunks * 100},
          .chunks = {.pending = chunks},
          .rate = 10,
          .account_limit = 10,
          .in_flight_max = 32,
          .at = origin};
}

ProgressSettled accepted(SteadyTime at, int devices = 100) {
  return {.at = at,
          .devices = devices,
          .outcome = OutcomeKind::accepted,
          .transition = {.state = ChunkState::succeeded, .evidence = Evidence::confirmed, .due_at = {}},
          .rtt = 50ms};
}

ProgressSettled put_back(SteadyTime at, OutcomeKind outcome, Halt halt = Halt::none) {
  return {.at = at,
          .devices = 100,
          .outcome = outcome,
          .transition = {.state = ChunkState::pending, .due_at = {}, .halt = halt},
          .code = "Some.Code"};
}

// So many chunks sent and accepted, evenly; the last of them just now.
SteadyTime send_evenly(ProgressModel& model, int chunks, std::chrono::milliseconds interval) {
  SteadyTime now = origin;
  for (int i = 0; i < chunks; ++i) {
    now += interval;
    model.sent(now);
    model.settled(accepted(now));
  }
  return now;
}

std::int64_t sum(const StateCounts& counts) {
  return counts.pending + counts.in_flight + counts.accepted + counts.presumed + counts.failed +
         counts.in_doubt + counts.canceled;
}

}  // namespace

TEST_CASE("progress: what was done before watching began is counted as done") {
  ProgressStart start = fleet(10);
  start.devices = {.pending = 300, .in_flight = 200, .accepted = 400, .failed = 100};
  start.chunks = {.pending = 3, .in_flight = 2, .accepted = 4, .failed = 1};

  const ProgressView view = ProgressModel{start}.view(origin);

  CHECK(view.devices_total == 1000);
  CHECK(view.devices.pending == 500);
  CHECK(view.devices.in_flight == 0);
  CHECK(view.chunks_done == 5);
  CHECK(view.chunks_total == 10);
}

TEST_CASE("progress: each result is counted where it belongs") {
  ProgressModel model{fleet(5)};
  const auto finish = [&](ChunkState state, Evidence evidence, OutcomeKind outcome) {
    model.settled({.at = origin + 1s,
                   .devices = 100,
                   .outcome = outcome,
                   .transition = {.state = state, .evidence = evidence, .due_at = {}}});
  };

  finish(ChunkState::succeeded, Evidence::confirmed, OutcomeKind::accepted);
  finish(ChunkState::succeeded, Evidence::presumed, OutcomeKind::nonce_used);
  finish(ChunkState::failed, Evidence::none, OutcomeKind::unavailable);
  finish(ChunkState::in_doubt, Evidence::none, OutcomeKind::silent);
  model.in_flight(1, 100);

  const ProgressView view = model.view(origin + 1s);
  CHECK(view.devices ==
        StateCounts{.in_flight = 100, .accepted = 100, .presumed = 100, .failed = 100, .in_doubt = 100});
  CHECK(view.chunks_done == 4);
  CHECK_FALSE(view.finished);
}

TEST_CASE("progress: a split makes one chunk more and leaves the devices where they were") {
  ProgressModel model{fleet(1)};

  model.settled({.at = origin + 1s,
                 .devices = 100,
                 .outcome = OutcomeKind::rejected_devices,
                 .transition = {.state = ChunkState::split, .due_at = {}}});
  model.settled(accepted(origin + 2s, 50));

  ProgressView view = model.view(origin + 2s);
  CHECK(view.chunks_total == 2);
  CHECK(view.chunks_done == 1);
  CHECK(view.devices.accepted == 50);
  CHECK(view.devices.pending == 50);

  model.settled(accepted(origin + 3s, 50));
  view = model.view(origin + 9s);
  CHECK(view.finished);
  CHECK(view.elapsed == 3s);
}

TEST_CASE("progress: throttled, retried, replayed and halted attempts are told apart") {
  ProgressModel model{fleet(10)};

  model.settled(put_back(origin + 1s, OutcomeKind::throttled));
  model.settled(put_back(origin + 1s, OutcomeKind::unavailable));
  ProgressSettled replayed = accepted(origin + 1s);
  replayed.was_replay = true;
  model.settled(replayed);
  model.settled(put_back(origin + 1s, OutcomeKind::blocked, Halt::tenant));

  const ProgressView view = model.view(origin + 1s);
  CHECK(view.throttled == 1);
  CHECK(view.retries == 1);
  CHECK(view.replays == 1);
  CHECK(view.halt == Halt::tenant);
  CHECK(view.limited_by == LimitedBy::waiting);
  CHECK_FALSE(view.eta);
}

TEST_CASE("progress: the counts add up to the total after every one of many random events") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random{seed};
  const auto below = [&](int limit) { return std::uniform_int_distribution<int>{0, limit - 1}(random); };
  constexpr std::array states{ChunkState::pending,  ChunkState::succeeded, ChunkState::failed,
                              ChunkState::in_doubt, ChunkState::split,     ChunkState::canceled};

  for (int round = 0; round < 20; ++round) {
    ProgressModel model{fleet(40)};
    SteadyTime now = origin;
    for (int i = 0; i < 300; ++i) {
      now += std::chrono::milliseconds{below(400)};
      if (below(2) == 0) model.sent(now);
      if (below(3) == 0) model.in_flight(below(50), below(6000));
      if (below(9) == 0) model.pace(below(11));
      const std::string code = "code" + std::to_string(below(100));
      model.settled({.at = now,
                     .devices = below(130),
                     .outcome = static_cast<OutcomeKind>(below(9)),
                     .transition = {.state = states[static_cast<std::size_t>(below(6))],
                                    .evidence = static_cast<Evidence>(below(3)),
                                    .due_at = {},
                                    .halt = static_cast<Halt>(below(30) == 0 ? 1 : 0)},
                     .rtt = std::chrono::milliseconds{below(100)},
                     .code = code});

      const ProgressView view = model.view(now + std::chrono::milliseconds{below(20'000)});
      REQUIRE(view.devices_total == 4000);
      REQUIRE(sum(view.devices) == 4000);
      REQUIRE(view.devices.pending >= 0);
      REQUIRE(view.devices.in_flight >= 0);
      REQUIRE(view.chunks_done >= 0);
      REQUIRE(view.chunks_done <= view.chunks_total);
      REQUIRE(view.top_codes.size() <= 5);
      if (view.eta) {
        REQUIRE(view.eta->low >= 0s);
        REQUIRE(view.eta->low <= view.eta->high);
        REQUIRE(view.eta->high <= 99 * 24h);
      }
    }
  }
}

TEST_CASE("progress: before anything is measured the ETA is the plan's") {
  const ProgressView view = ProgressModel{fleet(500)}.view(origin + 100ms);

  CHECK(view.eta == EtaRange{50s, 55s});
}

TEST_CASE("progress: at an even pace the ETA holds the true remaining time") {
  ProgressModel model{fleet(500)};

  const SteadyTime now = send_evenly(model, 200, 125ms);

  const ProgressView view = model.view(now);
  REQUIRE(view.eta);
  CHECK(view.eta->low <= 38s);
  CHECK(view.eta->low >= 36s);
  CHECK(view.eta->high >= 37s);
  CHECK(view.eta->high <= 39s);
  CHECK(view.rate == doctest::Approx(8).epsilon(0.03));
  CHECK(view.sent_last_second == 8);
}

TEST_CASE("progress: a burst of answers does not promise more than the pace allows") {
  ProgressModel model{fleet(1000)};
  for (int i = 0; i < 32; ++i) model.settled(accepted(origin + 5s));

  const ProgressView view = model.view(origin + 5s);

  REQUIRE(view.eta);
  CHECK(view.eta->low >= 96s);
}

TEST_CASE("progress: while nothing happens the ETA grows, and then it is unknown") {
  ProgressModel model{fleet(500)};
  const SteadyTime last = send_evenly(model, 100, 100ms);

  const auto at_once = model.view(last).eta;
  const auto later = model.view(last + 8s).eta;

  REQUIRE(at_once);
  REQUIRE(later);
  CHECK(later->high > at_once->high);
  CHECK_FALSE(model.view(last + 11s).eta);
}

TEST_CASE("progress: an ETA of centuries is cut at 99 days") {
  ProgressStart start = fleet(1'000'000'000);
  start.rate = 0.5;

  const ProgressView view = ProgressModel{start}.view(origin);

  CHECK(view.eta == EtaRange{99 * 24h, 99 * 24h});
}

TEST_CASE("progress: a finished run has nothing left to wait for, and its time stands still") {
  ProgressModel model{fleet(3)};
  const SteadyTime last = send_evenly(model, 3, 100ms);

  const ProgressView view = model.view(last + 1h);

  CHECK(view.finished);
  CHECK(view.eta == EtaRange{});
  CHECK(view.elapsed == 300ms);
  CHECK(view.limited_by == LimitedBy::nothing);
}

TEST_CASE("progress: sends of exactly one second ago are no longer of the last second") {
  ProgressModel model{fleet(10)};
  model.sent(origin);
  model.sent(origin + 1ms);

  CHECK(model.view(origin + 999ms).sent_last_second == 2);
  CHECK(model.view(origin + 1s).sent_last_second == 1);
}

TEST_CASE("progress: what limits the run is named") {
  ProgressModel model{fleet(1000)};
  const SteadyTime now = send_evenly(model, 100, 100ms);
  CHECK(model.view(now).limited_by == LimitedBy::request_rate);
  CHECK(model.view(now + 3s).limited_by == LimitedBy::waiting);

  model.pace(5);
  CHECK(model.view(now).limited_by == LimitedBy::throttled);
  model.pace(10);
  CHECK(model.view(now).limited_by == LimitedBy::request_rate);

  model.settled(put_back(now, OutcomeKind::throttled));
  CHECK(model.view(now).limited_by == LimitedBy::throttled);

  model.retries_held(true);
  CHECK(model.view(now).limited_by == LimitedBy::retry_budget);
  model.endpoint_lost(true);
  CHECK(model.view(now).limited_by == LimitedBy::endpoint);
  model.store_held(true);
  CHECK(model.view(now).limited_by == LimitedBy::store);
  model.store_held(false);
  model.endpoint_lost(false);
  model.retries_held(false);
  CHECK(model.view(now).limited_by == LimitedBy::throttled);
}

TEST_CASE("progress: all places in flight taken and the rate not reached means that latency limits") {
  ProgressModel model{fleet(1000)};
  const SteadyTime now = send_evenly(model, 50, 250ms);
  model.in_flight(32, 3200);
  CHECK(model.view(now).limited_by == LimitedBy::latency);

  model.in_flight(3, 300);
  CHECK(model.view(now).limited_by == LimitedBy::request_rate);
}

TEST_CASE("progress: the percentiles are of the answers of late") {
  ProgressModel model{fleet(10'000)};
  CHECK_FALSE(model.view(origin).latency);
  for (int i = 1; i <= 100; ++i) {
    ProgressSettled event = accepted(origin + 1s);
    event.rtt = std::chrono::milliseconds{i};
    model.settled(event);
  }
  CHECK(model.view(origin + 1s).latency->p50 == 50ms);
  CHECK(model.view(origin + 1s).latency->p95 == 95ms);

  for (int i = 0; i < 512; ++i) model.settled(accepted(origin + 2s));
  CHECK(model.view(origin + 2s).latency->p95 == 50ms);
}

TEST_CASE("progress: a server that invents codes is counted, but not remembered word for word") {
  ProgressModel model{fleet(10)};
  for (int i = 0; i < 1000; ++i) {
    ProgressSettled event = put_back(origin, OutcomeKind::unavailable);
    const std::string code = "Invented." + std::to_string(i) + std::string(1000, 'x');
    event.code = code;
    model.settled(event);
  }
  model.settled(put_back(origin, OutcomeKind::unavailable));

  const ProgressView view = model.view(origin);
  REQUIRE(view.top_codes.size() == 5);
  CHECK(view.top_codes.front().code == "(other codes)");
  CHECK(view.top_codes.front().attempts == 1001 - 32);
  CHECK(view.top_codes.back().code.size() <= 64);
}

TEST_CASE("progress: the most frequent codes come first, an outcome without a code by its own name") {
  ProgressModel model{fleet(10)};
  ProgressSettled silent = put_back(origin, OutcomeKind::silent);
  silent.code = "";
  model.settled(silent);
  model.settled(put_back(origin, OutcomeKind::unavailable));
  model.settled(put_back(origin, OutcomeKind::unavailable));

  const std::vector<CodeCount> top = model.view(origin).top_codes;
  REQUIRE(top.size() == 2);
  CHECK(top[0] == CodeCount{.code = "Some.Code", .attempts = 2});
  CHECK(top[1] == CodeCount{.code = "silent", .attempts = 1});
}
