// SPDX-License-Identifier: MIT
// How many devices a tenant's runs may reach.
#include "sluice/engine/tenant_limits.hpp"

#include <doctest/doctest.h>

#include "sluice/store/open_store.hpp"
#include "store/store_fixture.hpp"

using namespace sluice;
using namespace sluice::store_tests;

TEST_CASE("tenant limits: a run has at most the devices that one may have") {
  const std::unique_ptr<Store> store = expect(open_memory_store(noon));
  const TenantLimits limits{.devices_per_run_max = 1'000, .devices_per_day_max = {}};

  expect(check_limits(*store, "prod", limits, 1'000, noon));
  const Result<void> above = check_limits(*store, "prod", limits, 1'001, noon);

  REQUIRE(above.has_error());
  CHECK(above.error().kind == ErrorKind::refused);
  CHECK(above.error().message ==
        "the run would reach 1001 devices, and one of tenant \"prod\" may reach 1000");
}

TEST_CASE("tenant limits: the runs of 24 hours count together, those of other tenants and of before do not") {
  const std::unique_ptr<Store> store = expect(open_memory_store(noon));
  submit(*store, {100, 100}, "prod", noon - 24h);
  submit(*store, {100, 50}, "prod", noon - 24h + 1us);
  submit(*store, {90}, "other", noon);
  submit(*store, {40}, "prod", noon);
  const TenantLimits limits{.devices_per_run_max = {}, .devices_per_day_max = 300};

  // 150 and 40 are in the last 24 hours.
  expect(check_limits(*store, "prod", limits, 110, noon));
  const Result<void> above = check_limits(*store, "prod", limits, 111, noon);

  REQUIRE(above.has_error());
  CHECK(above.error().kind == ErrorKind::refused);
  CHECK(above.error().message.find("111 devices, the runs of the last 24 hours have 190") !=
        std::string::npos);
}
