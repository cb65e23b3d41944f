// SPDX-License-Identifier: MIT
#include "sluice/core/run_pace.hpp"

#include <doctest/doctest.h>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

const SteadyTime start{1h};

}  // namespace

TEST_CASE("run pace: chunks that fill a minute evenly use all of it") {
  RunPace pace{std::nullopt, 600};
  SteadyTime now = start;
  for (int i = 0; i < 20; ++i) {
    CHECK(pace.next_send_at(100) <= now);
    pace.sent(now, 100);
    now += 10s;
  }
}

TEST_CASE("run pace: a minute that has no room for a whole chunk does not get one") {
  RunPace pace{std::nullopt, 150};
  pace.sent(start, 100);

  // The first is paid for after 40 s, but 200 devices in a minute would be 50 too many.
  CHECK(pace.next_send_at(1) == start + 40s);
  CHECK(pace.next_send_at(50) == start + 40s);
  CHECK(pace.next_send_at(51) == start + 60s);
}

TEST_CASE("run pace: whoever goes on with a run lets a minute pass, for nobody knows what it held") {
  RunPace by_devices{std::nullopt, 600};
  by_devices.begin_after_others(start);
  CHECK(by_devices.next_send_at(1) == start + 60s);

  RunPace by_requests{2.0, std::nullopt};
  by_requests.begin_after_others(start);
  CHECK(by_requests.next_send_at(1) <= start);
}

TEST_CASE("run pace: after a chunk of a hundred at 6,000 devices a minute, the next waits a second") {
  RunPace pace{std::nullopt, 6000.0};
  CHECK(pace.is_limited());
  CHECK(pace.next_send_at(100) <= start);

  pace.sent(start, 100);
  CHECK(pace.next_send_at(100) == start + 1s);
  pace.sent(start + 1s, 50);
  CHECK(pace.next_send_at(100) == start + 1s + 500ms);
}

TEST_CASE("run pace: of two limits the slower one counts") {
  RunPace pace{2.0, 6000.0};
  pace.sent(start, 10);
  CHECK(pace.next_send_at(100) == start + 500ms);
  pace.sent(start + 500ms, 100);
  CHECK(pace.next_send_at(100) == start + 1500ms);
  CHECK_FALSE(RunPace(std::nullopt, std::nullopt).is_limited());
}
