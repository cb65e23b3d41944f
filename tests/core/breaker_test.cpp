// SPDX-License-Identifier: MIT
#include "sluice/core/breaker.hpp"

#include <doctest/doctest.h>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

constexpr SteadyTime start{1000s};

Breaker after_failures(int count) {
  Breaker breaker;
  for (int i = 0; i < count; ++i) breaker.failed(start);
  return breaker;
}

}  // namespace

TEST_CASE("breaker: four failures in a row are bad luck, five are a lost endpoint") {
  CHECK_FALSE(after_failures(4).is_open());
  CHECK(after_failures(5).is_open());
}

TEST_CASE("breaker: an answer in between starts the count anew, whatever it says") {
  Breaker breaker = after_failures(4);
  breaker.answered();
  breaker.failed(start);

  CHECK_FALSE(breaker.is_open());
  CHECK_FALSE(breaker.next_probe_at().has_value());
}

TEST_CASE(
    "breaker: while open, a probe may start every five seconds, counted from the last one's start or "
    "failure") {
  Breaker breaker = after_failures(5);
  CHECK(breaker.next_probe_at() == start + 5s);

  breaker.sent(start + 6s);
  CHECK(breaker.next_probe_at() == start + 11s);

  breaker.failed(start + 7s);
  CHECK(breaker.next_probe_at() == start + 12s);
}

TEST_CASE("breaker: one answer closes it") {
  Breaker breaker = after_failures(9);
  breaker.answered();

  CHECK_FALSE(breaker.is_open());
}

TEST_CASE("breaker: silence is a failure too, but whoever was sent a request was reached") {
  Breaker breaker = after_failures(4);
  CHECK_FALSE(breaker.was_ever_reached());

  breaker.sent(start);
  breaker.failed(start + 15s);

  CHECK(breaker.is_open());
  CHECK(breaker.was_ever_reached());
}
