// SPDX-License-Identifier: MIT
#include "app/log_floods.hpp"

#include <doctest/doctest.h>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

constexpr FloodOptions three_in_ten{.told_max = 3, .span = 10s};
const SteadyTime start{1h};

int admitted(LogFloods& floods, int times, std::string_view name, std::string_view tenant, SteadyTime at) {
  int count = 0;
  for (int i = 0; i < times; ++i) count += floods.admits(name, tenant, at) ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("log floods: of each name and tenant so many are told in a span") {
  LogFloods floods{three_in_ten};

  CHECK(admitted(floods, 10, "throttled", "a", start) == 3);
  CHECK(admitted(floods, 2, "throttled", "b", start) == 2);
  CHECK(admitted(floods, 10, "run_finished", "a", start + 1s) == 3);
}

TEST_CASE("log floods: what was kept back is told once, when its span is over") {
  LogFloods floods{three_in_ten};
  admitted(floods, 10, "throttled", "a", start);
  admitted(floods, 3, "calm", "a", start);

  CHECK(floods.ended(start + 10s - 1ns).empty());
  CHECK(floods.ended(start + 10s) == std::vector<FloodSummary>{{"throttled", "a", 7, start}});
  CHECK(floods.ended(start + 20s).empty());
}

TEST_CASE("log floods: after its span an event is told again") {
  LogFloods floods{three_in_ten};
  admitted(floods, 10, "throttled", "a", start);
  floods.ended(start + 10s);

  CHECK(admitted(floods, 5, "throttled", "a", start + 10s) == 3);
  CHECK(floods.all() == std::vector<FloodSummary>{{"throttled", "a", 2, start + 10s}});
}
