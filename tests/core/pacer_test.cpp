// SPDX-License-Identifier: MIT
#include "sluice/core/pacer.hpp"

#include <doctest/doctest.h>

using namespace sluice;
using namespace std::chrono_literals;

TEST_CASE("pacer: the second send waits one interval after the first actual send") {
  const SteadyTime start{1000s};
  Pacer pacer{10, start};

  pacer.sent(start + 30ms);

  CHECK(pacer.next_send_at() == start + 130ms);
}
