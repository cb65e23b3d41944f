// SPDX-License-Identifier: MIT
#include "sluice/core/silence.hpp"

#include <doctest/doctest.h>

#include <chrono>

using namespace sluice;
using namespace std::chrono_literals;

TEST_CASE(
    "silence: who comes next waits one window and half a second, and a window is never shorter than a "
    "second") {
  CHECK(silence_needed(10) == 1500ms);
  CHECK(silence_needed(1) == 1500ms);
  CHECK(silence_needed(0.5) == 2500ms);
}

TEST_CASE(
    "silence: what was asked for is over when its time has come, and lasts a quarter of an hour at most") {
  const UtcTime now{1'000'000s};

  CHECK(silence_left(now + 30s, now) == 30s);
  CHECK(silence_left(now - 1s, now) == 0s);
  CHECK(silence_left(now + 24h, now) == longest_silence_asked);
}
