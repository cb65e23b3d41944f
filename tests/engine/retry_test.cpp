// SPDX-License-Identifier: MIT
// The retry budget at work: what a tenant sends again while the cloud refuses some of it.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "support/engine_bench.hpp"

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;

namespace {

struct Send {
  SteadyTime at;
  bool is_retry;
};

/// A cloud that says "503" to some requests, but never to five in a row: that would be a lost endpoint. Keeps
/// its own account of what is a retry: a request for a chunk that was refused so before.
class MoodyCloud {
 public:
  MoodyCloud(std::uint64_t seed, int refused_percent) : dice_(seed), refused_percent_(refused_percent) {}

  ScriptedAnswer answer(const SentRequest& sent) {
    int& refusals = refusals_of_chunk_[sent.devices.front()];
    sends.push_back({sent.at, refusals > 0});
    const auto draw = [this] { return std::uniform_int_distribution<int>{0, 99}(dice_); };
    const std::chrono::milliseconds delay{20};
    if (draw() < 3) return {delay, gateway_refusal(429, "Throttling.User")};
    if (refused_in_a_row_ < 4 && draw() < refused_percent_) {
      ++refusals;
      ++refused_in_a_row_;
      return {delay, gateway_refusal(503, "ServiceUnavailable")};
    }
    refused_in_a_row_ = 0;
    return {delay, accepted_answer()};
  }

  std::vector<Send> sends;

 private:
  std::mt19937_64 dice_;
  int refused_percent_;
  int refused_in_a_row_ = 0;
  std::map<std::string, int> refusals_of_chunk_;
};

/// Whether, in the two minutes before each retry and with it, at most a tenth of the sends were retries, or
/// three.
void check_budget(const std::vector<Send>& sends) {
  for (const Send& last : sends) {
    if (!last.is_retry) continue;
    std::int64_t all = 0;
    std::int64_t retries = 0;
    for (const Send& sent : sends) {
      if (sent.at <= last.at - 120s || sent.at > last.at) continue;
      ++all;
      retries += sent.is_retry ? 1 : 0;
    }
    CHECK(retries <= std::max<std::int64_t>(3, all / 10));
  }
}

}  // namespace

TEST_CASE(
    "retry budget: whatever the cloud refuses, retries stay a tenth of two minutes' sends, and all ends") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  for (const int refused_percent : {3, 10, 30, 60}) {
    CAPTURE(refused_percent);
    MoodyCloud cloud{seed, refused_percent};
    EngineBench bench{[&cloud](const SentRequest& sent, std::size_t) { return cloud.answer(sent); }};
    Job job;
    job.retry.deadline = 48h;
    const RunId run = bench.submit(30'000, job);

    REQUIRE(bench.dispatch().has_value());

    check_budget(cloud.sends);
    const StateCounts devices = bench.record(run).devices;
    CHECK(devices.accepted + devices.failed == 30'000);
  }
}

TEST_CASE("retry budget: when it is used up retries wait, first sends go on, and nobody spins") {
  // Every second chunk is refused at its first send.
  std::map<std::string, int> seen;
  std::vector<Send> sends;
  EngineBench bench{[&](const SentRequest& sent, std::size_t) {
    const int before = seen[sent.devices.front()]++;
    sends.push_back({sent.at, before > 0});
    const bool is_refused = before == 0 && seen.size() % 2 == 0;
    return ScriptedAnswer{20ms, is_refused ? gateway_refusal(503, "ServiceUnavailable") : accepted_answer()};
  }};
  const RunId run = bench.submit(2'000);

  REQUIRE(bench.dispatch().has_value());

  CHECK(bench.record(run).devices.accepted == 2'000);
  CHECK(bench.observer.times_held >= 1);
  // Ten retries at three in two minutes. The first sends were done long before.
  CHECK(sends.back().at - sends.front().at > 6min);
  CHECK(sends.back().at - sends.front().at < 7min);
  const auto first_sends_done =
      std::ranges::find_if(sends.rbegin(), sends.rend(), [](const Send& sent) { return !sent.is_retry; });
  CHECK(first_sends_done->at - sends.front().at < 3s);
  // A look every half a minute, a claim for each send, and a few at the beginning.
  CHECK(bench.store->claims < 100);
}

TEST_CASE(
    "retry budget: a run whose retries it holds back pauses at its deadline, not when there is room again") {
  EngineBench bench{[](const SentRequest&, std::size_t) {
    return ScriptedAnswer{50ms, gateway_refusal(503, "ServiceUnavailable")};
  }};
  Job job;
  job.retry.deadline = 10s;
  job.retry.max_attempts = 50;
  job.retry.cap = 1s;
  const RunId run = bench.submit(100, job);

  REQUIRE(bench.dispatch().has_value());

  // Three retries have room at once, and the next one two minutes later.
  CHECK(bench.cloud.sent().size() == 4);
  const RunRecord record = bench.record(run);
  CHECK(record.control == RunControl::paused);
  CHECK(is_deadline_reason(record.control_reason));
  CHECK(record.devices.pending == 100);
  CHECK(bench.clock.steady_now() < bench.start + 11s);
}

TEST_CASE("retry budget: a throttled attempt, a replay and the halves of a split chunk are no retries") {
  std::map<std::string, int> seen;
  EngineBench bench{[&seen](const SentRequest& sent, std::size_t) {
    const std::size_t devices = sent.devices.size();
    const int before = devices == 100 ? seen[sent.devices.front()]++ : 3;
    if (before == 0) return ScriptedAnswer{20ms, gateway_refusal(429, "Throttling.User")};
    if (before == 1) return ScriptedAnswer{20ms, silence()};
    const bool is_last_chunk = sent.devices.front() >= "dev-01900";
    const bool is_split = before == 3 && is_last_chunk && devices > 25;
    return ScriptedAnswer{20ms,
                          is_split ? product_refusal("iot.device.NotExistedDevice") : accepted_answer()};
  }};
  const RunId run = bench.submit(1'950);

  REQUIRE(bench.dispatch().has_value());

  const RunRecord record = bench.record(run);
  CHECK(record.devices.accepted == 1'950);
  CHECK(record.throttled == 19);
  CHECK(record.chunks.split == 1);
  CHECK(record.requests == 3 * 19 + 3);
  CHECK(bench.observer.times_held == 0);
}
