// SPDX-License-Identifier: MIT
#include "sluice/core/backoff.hpp"

#include <doctest/doctest.h>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

constexpr double nearly_one = 0x1.fffffffffffffp-1;  // the largest value below 1

}  // namespace

TEST_CASE("backoff: the longest wait doubles with each attempt until the cap") {
  const RetryPolicy policy{.base = 500ms, .cap = 60s};
  struct Row {
    int attempt;
    std::chrono::milliseconds ceiling;
  };
  for (const Row& row : {Row{1, 500ms}, Row{2, 1s}, Row{3, 2s}, Row{4, 4s}, Row{7, 32s}, Row{8, 60s},
                         Row{9, 60s}, Row{63, 60s}, Row{1'000'000, 60s}}) {
    CAPTURE(row.attempt);

    CHECK(backoff_delay(policy, row.attempt, nearly_one) == row.ceiling - 1ms);
    CHECK(backoff_delay(policy, row.attempt, 0.5) == row.ceiling / 2);
    CHECK(backoff_delay(policy, row.attempt, 0) == 0ms);
  }
}

TEST_CASE("backoff: every wait from nothing to the longest is as likely as any other") {
  const RetryPolicy policy{.base = 500ms, .cap = 60s};

  // The wait is a straight line in the jitter, so a uniform jitter makes a uniform wait.
  for (int share = 0; share < 64; ++share) {
    CHECK(backoff_delay(policy, 3, share / 64.0) == std::chrono::milliseconds{2000 * share / 64});
  }
}

TEST_CASE("backoff: a base above the cap waits for the cap at most") {
  const RetryPolicy policy{.base = 10s, .cap = 2s};

  CHECK(backoff_delay(policy, 1, nearly_one) == 2s - 1ms);
}
