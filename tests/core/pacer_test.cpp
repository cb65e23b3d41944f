// SPDX-License-Identifier: MIT
// The pacer on made-up time. The arrival bound is a property: whatever the latencies, the server sees no more
// than N.
#include "sluice/core/pacer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <queue>
#include <random>
#include <vector>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

constexpr SteadyTime start{1000s};

/// The most times of a sorted list that fall into one half-open window of a second. Written apart from the
/// product's own proof, by trying every window that begins at a time.
int most_in_one_second(const std::vector<SteadyTime>& times) {
  int most = 0;
  for (std::size_t first = 0; first < times.size(); ++first) {
    int inside = 0;
    for (std::size_t i = first; i < times.size() && times[i] < times[first] + 1s; ++i) ++inside;
    most = std::max(most, inside);
  }
  return most;
}

struct Latency {
  std::chrono::nanoseconds forward;
  std::chrono::nanoseconds back;
};

struct Answer {
  SteadyTime at;
  std::uint64_t send;
  bool operator>(const Answer& other) const { return at > other.at; }
};

struct Traffic {
  std::vector<SteadyTime> sends;
  std::vector<SteadyTime> arrivals;
};

/// Sends `count` requests as early as the pacer lets, each up to `timer_jitter` late, with the given
/// latencies.
Traffic pump(double rate, int count, std::mt19937_64& random, const std::function<Latency()>& draw_latency,
             std::chrono::nanoseconds timer_jitter = 800us) {
  Pacer pacer{rate, start};
  std::uniform_int_distribution<std::int64_t> lateness{0, timer_jitter.count()};
  std::priority_queue<Answer, std::vector<Answer>, std::greater<>> answers;
  Traffic traffic;
  SteadyTime now = start;
  while (static_cast<int>(traffic.sends.size()) < count) {
    const SteadyTime due = pacer.next_send_at();
    if (!answers.empty() && answers.top().at <= due) {
      now = std::max(now, answers.top().at);
      pacer.answered(answers.top().send, now);
      answers.pop();
      continue;
    }
    now = std::max(now, due) + std::chrono::nanoseconds{lateness(random)};
    const Latency latency = draw_latency();
    traffic.sends.push_back(now);
    traffic.arrivals.push_back(now + latency.forward);
    answers.push({now + latency.forward + latency.back, pacer.sent(now)});
  }
  std::sort(traffic.arrivals.begin(), traffic.arrivals.end());
  return traffic;
}

double share_of_quota_used(const Traffic& traffic, double rate) {
  const double seconds = std::chrono::duration<double>(traffic.sends.back() - traffic.sends.front()).count();
  return static_cast<double>(traffic.sends.size() - 1) / seconds / rate;
}

/// The whole trip is uniform between the bounds; how much of it lies before the arrival is drawn as well, but
/// neither half is ever shorter than half of the lower bound.
std::function<Latency()> uniform_latency(std::mt19937_64& random, std::chrono::milliseconds low,
                                         std::chrono::milliseconds high) {
  return [&random, low, high] {
    const auto half = std::chrono::duration_cast<std::chrono::nanoseconds>(low) / 2;
    const auto variable = std::chrono::duration_cast<std::chrono::nanoseconds>(high - low);
    const auto extra = std::uniform_int_distribution<std::int64_t>{0, variable.count()}(random);
    const auto before = std::uniform_int_distribution<std::int64_t>{0, extra}(random);
    return Latency{half + std::chrono::nanoseconds{before}, half + std::chrono::nanoseconds{extra - before}};
  };
}

}  // namespace

TEST_CASE("pacer: the second send waits one interval after the first actual send") {
  Pacer pacer{10, start};

  pacer.sent(start + 30ms);

  CHECK(pacer.next_send_at() == start + 130ms);
}

TEST_CASE("pacer: nothing is sent before the start, and nothing is saved up by waiting") {
  Pacer pacer{10, start};
  CHECK(pacer.next_send_at() == start);

  pacer.sent(start + 10s);

  CHECK(pacer.next_send_at() == start + 10s + 100ms);
}

TEST_CASE("pacer: a late send delays those after it instead of being caught up") {
  Pacer pacer{10, start};
  pacer.sent(start);
  pacer.sent(start + 170ms);

  CHECK(pacer.next_send_at() == start + 270ms);
}

TEST_CASE(
    "pacer: a request that was slow holds the window back by its own excess once the fastest is known") {
  Pacer pacer{10, start};
  SteadyTime now = start;
  std::uint64_t slow_one = 0;
  SteadyTime slow_sent_at;
  for (int i = 0; i < 40; ++i) {
    now = pacer.next_send_at();
    const std::uint64_t send = pacer.sent(now);
    if (i == 35) {
      slow_one = send;
      slow_sent_at = now;
      continue;
    }
    pacer.answered(send, now + 20ms);
  }
  pacer.answered(slow_one, slow_sent_at + 90ms);
  for (int i = 40; i < 45; ++i) {
    now = pacer.next_send_at();
    pacer.answered(pacer.sent(now), now + 20ms);
  }

  // Ten sends after the slow one: a second, the guard of 0.2 ms, and the 70 ms by which it was slower than
  // the rest.
  CHECK(pacer.next_send_at() == slow_sent_at + 1s + 200us + 70ms);
}

TEST_CASE("pacer: no window of a second holds more than N sends or N arrivals, whatever the latencies") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random{seed};
  for (const double rate : {1.0, 3.0, 10.0, 50.0}) {
    for (const auto& [low, high] : {std::pair{5ms, 80ms}, {20ms, 20ms}, {1ms, 300ms}, {2ms, 6ms}}) {
      CAPTURE(rate);
      CAPTURE(low.count());
      CAPTURE(high.count());

      const Traffic traffic = pump(rate, 1500, random, uniform_latency(random, low, high));

      CHECK(most_in_one_second(traffic.sends) <= static_cast<int>(rate));
      CHECK(most_in_one_second(traffic.arrivals) <= static_cast<int>(rate));
    }
  }
}

TEST_CASE("pacer: at 5 to 80 ms at least 93 % of the quota is used") {
  std::mt19937_64 random{7};
  const Traffic traffic = pump(10, 6000, random, uniform_latency(random, 5ms, 80ms));

  MESSAGE("share of the quota used at 5 to 80 ms: ", share_of_quota_used(traffic, 10));
  CHECK(share_of_quota_used(traffic, 10) >= 0.93);
}

TEST_CASE("pacer: at constant latency at least 98.5 % of the quota is used") {
  std::mt19937_64 random{7};
  const Traffic traffic = pump(10, 6000, random, [] { return Latency{25ms, 25ms}; });

  MESSAGE("share of the quota used at 50 ms: ", share_of_quota_used(traffic, 10));
  CHECK(share_of_quota_used(traffic, 10) >= 0.985);
}

TEST_CASE("pacer: a fractional rate is paced exactly and never exceeds its next whole number") {
  std::mt19937_64 random{7};
  const Traffic traffic = pump(2.5, 500, random, [] { return Latency{5ms, 5ms}; });

  CHECK(traffic.sends[1] - traffic.sends[0] >= 400ms);
  CHECK(most_in_one_second(traffic.sends) <= 3);
  CHECK(share_of_quota_used(traffic, 2.5) > 0.98);
}

TEST_CASE("pacer: a throttle halves the rate at once and silence lasts as long as the server asks") {
  Pacer pacer{10, start};
  const std::uint64_t send = pacer.sent(start);

  pacer.throttled(send, start + 50ms, 3s);

  CHECK(pacer.rate_at(start + 50ms) == doctest::Approx(5));
  CHECK(pacer.next_send_at() == start + 50ms + 3s);
}

TEST_CASE("pacer: throttles of requests that were already on their way slow down once, not each time") {
  Pacer pacer{10, start};
  const std::uint64_t first = pacer.sent(start);
  const std::uint64_t second = pacer.sent(start + 100ms);

  pacer.throttled(first, start + 150ms, std::nullopt);
  pacer.throttled(second, start + 160ms, std::nullopt);

  CHECK(pacer.rate_at(start + 160ms) == doctest::Approx(5).epsilon(0.01));
}

TEST_CASE("pacer: the full rate is back within a minute after the last throttle") {
  Pacer pacer{10, start};
  SteadyTime now = start;
  for (int i = 0; i < 10; ++i) {
    now = pacer.next_send_at();
    pacer.throttled(pacer.sent(now), now + 10ms, std::nullopt);
  }
  CHECK(pacer.rate_at(now) <= 1.1);
  CHECK(pacer.rate_at(now) >= 1.0);

  CHECK(pacer.rate_at(now + 60s) == doctest::Approx(10));
}

TEST_CASE("pacer: 100,000 a second are paced in parts of a second, and no part holds more than its share") {
  // A hundred windows of 10 ms: each may hold 1,000 sends, and with constant latency nothing is in excess.
  Pacer pacer{100'000, start};
  std::vector<SteadyTime> sends;
  for (int i = 0; i < 5'000; ++i) {
    sends.push_back(pacer.next_send_at());
    const std::uint64_t send = pacer.sent(sends.back());
    pacer.answered(send, sends.back() + 1us);
  }

  for (std::size_t i = 1'000; i < sends.size(); ++i) REQUIRE(sends[i] >= sends[i - 1'000] + 10ms);
  // 5,000 at 10 us take 50 ms, and each of the five windows is widened by its guard of 200 us.
  CHECK(sends.back() - start <= 52ms);
}
