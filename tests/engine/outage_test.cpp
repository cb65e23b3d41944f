// SPDX-License-Identifier: MIT
// The dispatcher through outages of every kind and length, on virtual time.
#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "support/engine_bench.hpp"

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;

namespace {

/// The bench's clock begins there.
constexpr SteadyTime bench_start{1h};
constexpr SteadyTime outage_begins = bench_start + 10s;

/// A cloud that gives that reply instead of taking anything, for as long as told.
Script away_for(std::chrono::nanoseconds length, Reply reply, std::chrono::nanoseconds delay) {
  return [=](const SentRequest& sent, std::size_t) {
    const bool is_away = sent.at >= outage_begins && sent.at < outage_begins + length;
    return is_away ? ScriptedAnswer{delay, reply} : ScriptedAnswer{50ms, accepted_answer()};
  };
}

Script refusing_with_503(std::chrono::nanoseconds length) {
  return away_for(length, gateway_refusal(503, "ServiceUnavailable"), 50ms);
}

std::vector<SteadyTime> sends_between(const EngineBench& bench, SteadyTime from, SteadyTime to) {
  std::vector<SteadyTime> times;
  for (const SentRequest& sent : bench.cloud.sent()) {
    if (sent.at >= from && sent.at < to) times.push_back(sent.at);
  }
  return times;
}

void check_that_probes_are_five_seconds_apart(const EngineBench& bench, SteadyTime from, SteadyTime to) {
  const std::vector<SteadyTime> probes = sends_between(bench, from, to);
  for (std::size_t i = 1; i < probes.size(); ++i) CHECK(probes[i] - probes[i - 1] >= 5s);
}

/// Ten seconds at ten a second, less what the pacer's guard takes.
void check_that_full_rate_is_back(const EngineBench& bench, SteadyTime outage_ends) {
  CHECK(sends_between(bench, outage_ends + 60s, outage_ends + 70s).size() >= 97);
}

Job patient_job() {
  Job job;
  job.retry.deadline = 48h;
  return job;
}

constexpr auto lengths = {std::chrono::seconds{1min}, std::chrono::seconds{1h}, std::chrono::seconds{6h}};
constexpr int enough_devices = 90'000;  // for 90 s at the full rate

}  // namespace

TEST_CASE(
    "outage: while connections are refused a probe in five seconds is tried, and nothing is lost by it") {
  for (const std::chrono::seconds length : lengths) {
    CAPTURE(length.count());
    EngineBench bench{
        [](const SentRequest&, std::size_t) { return ScriptedAnswer{50ms, accepted_answer()}; }};
    bench.cloud.is_reachable = [length](SteadyTime at) {
      return at < outage_begins || at >= outage_begins + length;
    };
    const RunId run = bench.submit(enough_devices, patient_job());

    REQUIRE(bench.dispatch().has_value());

    // Five to notice, and what was at the gate then.
    CHECK(static_cast<std::int64_t>(bench.cloud.refusals()) <= 5 + 4 + length / 5s);
    check_that_full_rate_is_back(bench, outage_begins + length);
    CHECK(bench.record(run).devices.accepted == enough_devices);
  }
}

TEST_CASE(
    "outage: while the front end answers 503 a probe in five seconds is sent, and no chunk fails by it") {
  for (const std::chrono::seconds length : lengths) {
    CAPTURE(length.count());
    EngineBench bench{refusing_with_503(length)};
    const RunId run = bench.submit(enough_devices, patient_job());

    REQUIRE(bench.dispatch().has_value());

    const SteadyTime end = outage_begins + length;
    CHECK(static_cast<std::int64_t>(sends_between(bench, outage_begins, end).size()) <= 5 + 1 + length / 5s);
    check_that_probes_are_five_seconds_apart(bench, outage_begins + 1s, end);
    check_that_full_rate_is_back(bench, end);
    CHECK(bench.record(run).devices.accepted == enough_devices);
  }
}

TEST_CASE("outage: while all is silence no chunk fails, and only what was sent into it can end in doubt") {
  for (const std::chrono::seconds length : lengths) {
    CAPTURE(length.count());
    EngineBench bench{away_for(length, silence(), 15s)};
    const RunId run = bench.submit(enough_devices, patient_job());

    REQUIRE(bench.dispatch().has_value());

    const SteadyTime end = outage_begins + length;
    check_that_probes_are_five_seconds_apart(bench, outage_begins + 20s, end);
    check_that_full_rate_is_back(bench, end);
    const StateCounts chunks = bench.record(run).chunks;
    CHECK(chunks.failed == 0);
    CHECK(chunks.accepted + chunks.presumed + chunks.in_doubt == enough_devices / 100);
    // 32 were in flight as it began. After that a chunk takes three probes into doubt with it, 45 s each: 15
    // s of silence and half a minute's rest.
    CHECK(chunks.in_doubt <= 32 + length / 45s / 3 + 1);
    if (length == 1min) CHECK(chunks.in_doubt == 0);
  }
}

TEST_CASE("outage: replays are the probes as long as there are some, so that no other chunk is risked") {
  EngineBench bench{away_for(5min, silence(), 15s)};
  bench.submit(enough_devices, patient_job());

  REQUIRE(bench.dispatch().has_value());

  for (const SentRequest& sent : bench.cloud.sent()) {
    const bool is_probe = sent.at >= outage_begins + 20s && sent.at < outage_begins + 5min;
    if (is_probe) CHECK(sent.connection == ConnectionChoice::fresh);  // which only a replay asks for
  }
}

TEST_CASE("outage: one probe at a time, even if its answer takes longer than the next one's turn") {
  EngineBench bench{away_for(10min, silence(), 40s)};
  bench.submit(enough_devices, patient_job());

  REQUIRE(bench.dispatch().has_value());

  const auto probes = sends_between(bench, outage_begins + 45s, outage_begins + 10min);
  REQUIRE(probes.size() > 3);
  for (std::size_t i = 1; i < probes.size(); ++i) CHECK(probes[i] - probes[i - 1] >= 40s);
}

TEST_CASE("outage: servers that fail inside are a lost endpoint too, so that doubt stays small") {
  EngineBench bench{away_for(10min, gateway_refusal(500, "InternalError"), 50ms)};
  const RunId run = bench.submit(enough_devices, patient_job());

  REQUIRE(bench.dispatch().has_value());

  CHECK(bench.observer.times_lost == 1);
  CHECK(bench.observer.times_back == 1);
  // Five to notice, and one in half a minute.
  CHECK(bench.record(run).chunks.in_doubt <= 5 + 10 * 2);
  check_that_full_rate_is_back(bench, outage_begins + 10min);
}

TEST_CASE(
    "outage: nothing of the account is sent while the server's pause lasts, whatever the answer it came "
    "with") {
  struct Row {
    const char* what;
    int status;
    const char* code;
    int answered_so;  // requests
  };
  for (const Row& row :
       {Row{"throttled", 429, "Throttling.User", 1}, Row{"away for a moment", 503, "ServiceUnavailable", 1},
        Row{"a lost endpoint, found by a probe", 503, "ServiceUnavailable", 8},
        Row{"failed inside", 500, "InternalError", 1}}) {
    CAPTURE(row.what);
    HttpResponse refusal = gateway_refusal(row.status, row.code);
    refusal.headers.emplace_back("Retry-After", "20");
    std::vector<SteadyTime> announced;
    // The third request is silent, so that a replay is waiting as well.
    EngineBench bench{[&](const SentRequest& sent, std::size_t n) {
      if (n == 2) return ScriptedAnswer{300ms, silence()};
      if (n < 6 || n >= 6 + static_cast<std::size_t>(row.answered_so)) {
        return ScriptedAnswer{50ms, accepted_answer()};
      }
      announced.push_back(sent.at + 50ms);
      return ScriptedAnswer{50ms, refusal};
    }};
    bench.submit(5'000);

    REQUIRE(bench.dispatch().has_value());

    REQUIRE(announced.size() == static_cast<std::size_t>(row.answered_so));
    for (const SteadyTime at : announced) CHECK(sends_between(bench, at + 1ns, at + 20s).empty());
  }
}

TEST_CASE("outage: a pause that the last answer of a run announced is known to the account's next run") {
  HttpResponse refusal = product_refusal("iot.device.NotExistedDevice");
  refusal.headers.emplace_back("Retry-After", "20");
  EngineBench bench{[&refusal](const SentRequest&, std::size_t) { return ScriptedAnswer{50ms, refusal}; }};
  bench.submit(1);

  REQUIRE(bench.dispatch().has_value());

  CHECK(bench.quiet_until == bench_start + 50ms + 20s);
}
