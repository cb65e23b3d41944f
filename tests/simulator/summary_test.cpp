// SPDX-License-Identifier: MIT
#include "simulator/summary.hpp"

#include <doctest/doctest.h>

using namespace sluice::simulator;

namespace {

/// 12 requests in 1.4 s, all of them executed.
Summary unharmed() { return {.requests = 12, .executed = 12, .first_arrival_s = 3.0, .last_arrival_s = 4.4}; }

}  // namespace

TEST_CASE("simulator summary: a plan without faults is never in vain") {
  CHECK_FALSE(is_in_vain({}, unharmed()));
  CHECK_FALSE(is_in_vain({.latency = ConstantLatency{50}}, unharmed()));
}

TEST_CASE("simulator summary: a plan is in vain if nothing of it came about") {
  const FaultPlan late{.account =
                           LastingRefusal{.code = "InvalidAccessKeyId.Inactive", .after_requests = 20}};
  CHECK(is_in_vain(late, unharmed()));

  Summary refused = unharmed();
  refused.faults["account"] = 1;
  CHECK_FALSE(is_in_vain(late, refused));

  const FaultPlan busy{.other_requests_per_second = 3};
  CHECK(is_in_vain(busy, unharmed()));
  Summary throttled = unharmed();
  throttled.throttled = 1;
  CHECK_FALSE(is_in_vain(busy, throttled));

  FaultPlan rare;
  rare.probability(Fault::html_502) = 0.001;
  CHECK(is_in_vain(rare, unharmed()));
}

TEST_CASE("simulator summary: a closed port counts no request, but came about if the run was long enough") {
  CHECK_FALSE(is_in_vain({.outages = {{.from_s = 1, .to_s = 2}}}, unharmed()));
  CHECK(is_in_vain({.outages = {{.from_s = 2, .to_s = 4}}}, unharmed()));
}
