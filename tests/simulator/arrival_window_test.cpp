// SPDX-License-Identifier: MIT
#include "simulator/arrival_window.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

using namespace sluice::simulator;
using namespace std::chrono_literals;

TEST_CASE("simulator: the eleventh arrival within a second is refused, and one a full second later is not") {
  QuotaWindow quota{10};
  for (int i = 0; i < 10; ++i) CHECK(quota.admit(100ms * i));

  CHECK_FALSE(quota.admit(1s - 1ns));
  CHECK(quota.admit(1s));
  CHECK_FALSE(quota.admit(1s + 99ms));
  CHECK(quota.admit(1s + 100ms));
}

TEST_CASE("simulator: refused arrivals use up no quota") {
  QuotaWindow quota{2};
  CHECK(quota.admit(0ms));
  CHECK(quota.admit(10ms));
  for (int i = 20; i < 1000; i += 10) CHECK_FALSE(quota.admit(std::chrono::milliseconds{i}));

  CHECK(quota.admit(1000ms));
  CHECK(quota.admit(1010ms));
}

TEST_CASE("simulator: a rate below one a second admits one in its longer window") {
  QuotaWindow quota{0.5};
  CHECK(quota.admit(0s));
  CHECK_FALSE(quota.admit(1999ms));
  CHECK(quota.admit(2s));
}

TEST_CASE("simulator: windows that begin between the whole seconds are counted too") {
  const std::vector<std::chrono::nanoseconds> arrivals{0ms,    700ms,  800ms,  900ms,
                                                       1500ms, 1699ms, 1700ms, 3000ms};

  CHECK(most_in_any_window(arrivals, 1s) == 5);  // 700 to 1699
  CHECK(most_in_any_window({}, 1s) == 0);
  CHECK(most_in_any_window({5s}, 1s) == 1);
}

TEST_CASE("simulator: the count of the fullest window agrees with trying every window") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random{seed};
  std::vector<std::chrono::nanoseconds> arrivals;
  for (int i = 0; i < 200; ++i) arrivals.push_back(1ms * (random() % 5000));
  std::sort(arrivals.begin(), arrivals.end());

  long most = 0;
  for (auto begin = 0ms; begin < 5000ms; begin += 1ms) {
    most = std::max(most, std::count_if(arrivals.begin(), arrivals.end(),
                                        [&](auto at) { return at >= begin && at < begin + 1s; }));
  }

  CHECK(most_in_any_window(arrivals, 1s) == static_cast<std::size_t>(most));
}
