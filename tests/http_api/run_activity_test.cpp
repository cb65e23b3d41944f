// SPDX-License-Identifier: MIT
// What happened when, in equal pieces of a run's time.
#include "http_api/resources/run_activity.hpp"

#include <doctest/doctest.h>

#include <random>

namespace sluice::tests {
namespace {

using namespace std::chrono_literals;

const UtcTime start{std::chrono::seconds{1'700'000'000}};

std::vector<SentRequest> sends_at(const std::vector<std::chrono::milliseconds>& times) {
  std::vector<SentRequest> sends;
  for (const auto time : times) sends.push_back({.sent_at = start + time, .answered_at = std::nullopt});
  return sends;
}

std::vector<std::int64_t> requests_in(const RunActivity& activity) {
  std::vector<std::int64_t> requests;
  for (const ActivityBucket& bucket : activity.buckets) requests.push_back(bucket.requests);
  return requests;
}

}  // namespace

TEST_CASE("run activity: of a run of 300 s in 100 buckets each is 3 s, and begins at the first send") {
  const RunActivity activity = activity_of(sends_at({0ms, 2999ms, 3000ms, 299'999ms}), {}, start + 300s, 100);

  CHECK(activity.from == start);
  CHECK(activity.bucket == 3s);
  REQUIRE(activity.buckets.size() == 100);
  CHECK(activity.buckets[0].requests == 2);
  CHECK(activity.buckets[1].requests == 1);
  CHECK(activity.buckets[99].requests == 1);
}

TEST_CASE("run activity: no bucket is shorter than a second, so a short run has fewer") {
  const RunActivity activity = activity_of(sends_at({500ms, 0ms, 2100ms}), {}, start + 2500ms, 120);

  CHECK(activity.bucket == 1s);
  CHECK(requests_in(activity) == std::vector<std::int64_t>{2, 0, 1});
}

TEST_CASE("run activity: a bucket is a whole number of seconds, and there are never more than asked for") {
  const RunActivity activity = activity_of(sends_at({0ms, 10'000ms}), {}, start + 10s + 1us, 10);

  CHECK(activity.bucket == 2s);
  CHECK(requests_in(activity) == std::vector<std::int64_t>{1, 0, 0, 0, 0, 1});
}

TEST_CASE("run activity: devices count when their result came, by what it made of them") {
  const std::vector<ChunkOutcome> outcomes{
      {.state = ChunkState::succeeded, .devices = 100, .settled_at = start + 100ms},
      {.state = ChunkState::failed, .devices = 1, .settled_at = start + 1100ms},
      {.state = ChunkState::in_doubt, .devices = 7, .settled_at = start + 1200ms},
      {.state = ChunkState::succeeded, .devices = 50, .settled_at = start + 1300ms},
      // The end of a run is when its last result came.
      {.state = ChunkState::succeeded, .devices = 3, .settled_at = start + 2s}};

  const RunActivity activity = activity_of(sends_at({0ms}), outcomes, start + 2s, 120);

  CHECK(activity.buckets ==
        std::vector<ActivityBucket>{{.requests = 1, .devices_accepted = 100},
                                    {.devices_accepted = 53, .devices_failed = 1, .devices_in_doubt = 7}});
}

TEST_CASE("run activity: a run that sent nothing has no beginning and no buckets") {
  const RunActivity activity = activity_of({}, {}, start + 1h, 120);

  CHECK(activity_json(activity) ==
        "{\"schema_version\":1,\"from\":null,\"bucket_seconds\":1,\"buckets\":[]}\n");
}

TEST_CASE("run activity: percentiles are by nearest rank, so each is a duration that was measured") {
  CHECK(latencies_of({}) == std::nullopt);
  CHECK(latencies_of({9ms}) == Latencies{9ms, 9ms, 9ms});
  // Ranks of four: ceil(2.0) = 2 and ceil(3.8) = 4.
  CHECK(latencies_of({40ms, 10ms, 30ms, 20ms}) == Latencies{20ms, 40ms, 40ms});
  // Ranks of forty: 20 and 38.
  std::vector<std::chrono::microseconds> forty;
  for (int i = 40; i > 0; --i) forty.push_back(std::chrono::milliseconds{i});
  CHECK(latencies_of(forty) == Latencies{20ms, 38ms, 40ms});
}

TEST_CASE("run activity: latency is told of the requests of a bucket that were answered, in milliseconds") {
  const std::vector<SentRequest> sends{{.sent_at = start, .answered_at = start + 80'100us},
                                       {.sent_at = start + 900ms, .answered_at = start + 1110ms},
                                       {.sent_at = start + 950ms, .answered_at = std::nullopt},
                                       {.sent_at = start + 1500ms, .answered_at = std::nullopt}};

  CHECK(activity_json(activity_of(sends, {}, start + 2s, 120)) ==
        "{\"schema_version\":1,\"from\":\"2023-11-14T22:13:20.000Z\",\"bucket_seconds\":1,\"buckets\":["
        "{\"requests\":3,\"devices_accepted\":0,\"devices_failed\":0,\"devices_in_doubt\":0,"
        "\"latency_ms\":{\"p50\":80.1,\"p95\":210.0,\"max\":210.0}},"
        "{\"requests\":1,\"devices_accepted\":0,\"devices_failed\":0,\"devices_in_doubt\":0,"
        "\"latency_ms\":null}]}\n");
}

TEST_CASE(
    "run activity: whatever the times are, no request and no device is lost, and no bucket is too many") {
  std::mt19937_64 dice{std::random_device{}()};
  const auto seed = dice();
  CAPTURE(seed);
  dice.seed(seed);
  for (int round = 0; round < 200; ++round) {
    const auto random_ms = [&](std::int64_t most) {
      return std::chrono::milliseconds{static_cast<std::int64_t>(dice() % static_cast<std::uint64_t>(most))};
    };
    const auto span = random_ms(1'000'000) + 1ms;
    std::vector<std::chrono::milliseconds> times;
    std::vector<ChunkOutcome> outcomes;
    for (int i = 0; i < 50; ++i) {
      times.push_back(random_ms(span.count()));
      outcomes.push_back({.devices = 1, .settled_at = start + random_ms(span.count() + 5000)});
    }
    const std::size_t most = 1 + dice() % 600;

    const RunActivity activity = activity_of(sends_at(times), outcomes, start + span, most);

    std::int64_t requests = 0;
    std::int64_t devices = 0;
    for (const ActivityBucket& bucket : activity.buckets) {
      requests += bucket.requests;
      devices += bucket.devices_accepted;
    }
    CHECK(requests == 50);
    CHECK(devices == 50);
    CHECK(activity.buckets.size() <= most);
  }
}

}  // namespace sluice::tests
