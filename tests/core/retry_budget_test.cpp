// SPDX-License-Identifier: MIT
#include "sluice/core/retry_budget.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <vector>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

constexpr SteadyTime start{1000s};

}  // namespace

TEST_CASE("retry budget: three retries are always allowed, the fourth only by forty sends") {
  RetryBudget budget;
  CHECK(budget.room(start) == 3);

  for (int i = 0; i < 3; ++i) budget.sent(start, /*is_retry=*/true);
  CHECK(budget.room(start) == 0);

  // With the three that are sends themselves: 39.
  for (int i = 0; i < 36; ++i) budget.sent(start, /*is_retry=*/false);
  CHECK(budget.room(start) == 0);

  budget.sent(start, /*is_retry=*/false);
  CHECK(budget.room(start) == 1);
}

TEST_CASE("retry budget: what was sent two minutes ago no longer counts, neither for nor against") {
  RetryBudget budget;
  for (int i = 0; i < 97; ++i) budget.sent(start, /*is_retry=*/false);
  for (int i = 0; i < 3; ++i) budget.sent(start, /*is_retry=*/true);
  CHECK(budget.room(start) == 7);

  // The whole second must be past before its retries are forgotten, but its sends stop counting as it begins
  // to go.
  CHECK(budget.room(start + 119s) == 7);
  CHECK(budget.room(start + 120s) == 0);
  CHECK(budget.room(start + 121s) == 3);
}

TEST_CASE("retry budget: it says when there is room again even if nothing is sent") {
  RetryBudget budget;
  CHECK(budget.room_from(start) == start);

  for (int i = 0; i < 3; ++i) budget.sent(start + 300ms, /*is_retry=*/true);

  CHECK(budget.room_from(start + 500ms) == start + 121s);
  CHECK(budget.room(start + 121s - 1ns) == 0);
  CHECK(budget.room(start + 121s) == 3);
}

TEST_CASE("retry budget: a long silence forgets everything") {
  RetryBudget budget;
  for (int i = 0; i < 3; ++i) budget.sent(start, /*is_retry=*/true);

  CHECK(budget.room(start + 24h) == 3);
}

TEST_CASE(
    "retry budget: in the two minutes before any retry at most a tenth of the sends are retries, or three") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random{seed};
  const auto draw = [&random](int low, int high) {
    return std::uniform_int_distribution<int>{low, high}(random);
  };
  struct Sent {
    SteadyTime at;
    bool is_retry;
  };
  for (int pattern = 0; pattern < 20; ++pattern) {
    const int gap_ms = draw(20, 3000);
    const int retry_wanted_percent = draw(0, 100);
    RetryBudget budget;
    std::vector<Sent> sends;
    SteadyTime now = start;
    for (int i = 0; i < 1000; ++i) {
      now += std::chrono::milliseconds{draw(0, 2 * gap_ms)};
      if (draw(0, 200) == 0) now += std::chrono::seconds{draw(0, 200)};
      const bool wants_retry = draw(0, 99) < retry_wanted_percent;
      const bool is_retry = wants_retry && budget.room(now) > 0;
      budget.sent(now, is_retry);
      sends.push_back({now, is_retry});

      if (!is_retry) continue;
      std::int64_t all = 0;
      std::int64_t retries = 0;
      for (const Sent& sent : sends) {
        if (sent.at <= now - 120s) continue;
        ++all;
        if (sent.is_retry) ++retries;
      }
      REQUIRE(retries <= std::max<std::int64_t>(3, all / 10));
    }
  }
}
