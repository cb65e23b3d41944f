// SPDX-License-Identifier: MIT
// Conformance suite: the figures that watching asks for.
#include "sluice/store/figures.hpp"

#include <doctest/doctest.h>

#include "store/store_engines.hpp"
#include "store/store_fixture.hpp"

using namespace sluice;
using namespace sluice::store_tests;

TEST_CASE_TEMPLATE("store: figures are the sums over a tenant's runs", Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  submit(*store, {100, 20});
  submit(*store, {7});
  submit(*store, {5}, "other");
  const auto claimed = claim(*store, 2);
  expect(store->settle(accepted(claimed[0])));

  const StoreFigures figures = expect(store->figures().read_figures(noon + 90s));

  REQUIRE(figures.tenants.size() == 2);
  CHECK(figures.tenants[0].tenant == "other");
  CHECK(figures.tenants[0].devices == StateCounts{.pending = 5});
  const TenantFigures& prod = figures.tenants[1];
  CHECK(prod.devices == StateCounts{.pending = 7, .in_flight = 20, .accepted = 100});
  CHECK(prod.chunks == StateCounts{.pending = 1, .in_flight = 1, .accepted = 1});
  CHECK(prod.runs == std::map<RunStatus, std::int64_t>{{RunStatus::pending, 1}, {RunStatus::running, 1}});
  CHECK(prod.oldest_due == noon);
  CHECK_FALSE(prod.is_blocked);
}

TEST_CASE_TEMPLATE("store: what is paused or not due yet does not wait to be sent", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit(*store, {1});
  expect(store->settle(retried(claim_one(*store), noon + 60s)));

  CHECK_FALSE(expect(store->figures().read_figures(noon + 59s)).tenants[0].oldest_due);
  CHECK(expect(store->figures().read_figures(noon + 61s)).tenants[0].oldest_due == noon + 60s);
  expect(store->set_run_control({.run = run, .control = RunControl::paused, .now = noon}));
  CHECK_FALSE(expect(store->figures().read_figures(noon + 61s)).tenants[0].oldest_due);
}

TEST_CASE_TEMPLATE("store: what is due of a run whose hours have not come does not wait to be sent", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId at_night = submit(*store, {1});
  const auto oldest_due = [&](const std::set<RunId>& out_of_hours) {
    return expect(store->figures().read_figures(noon + 90s, out_of_hours)).tenants.at(0).oldest_due;
  };
  CHECK(oldest_due({}) == noon);

  CHECK_FALSE(oldest_due({at_night}));
  submit(*store, {1});
  CHECK(oldest_due({at_night}) == noon);
}

TEST_CASE_TEMPLATE("store: a reader gives the same figures, with sizes and versions", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  submit(*store, {100, 20});
  expect(store->set_tenant_pause("prod", "bad key", noon));
  const auto reader = expect(home.open_reader());

  const StoreFigures figures = expect(reader->figures().read_figures(noon));

  CHECK(figures.tenants[0].is_blocked);
  CHECK(figures.tenants[0].devices.pending == 120);
  CHECK(figures.database_bytes > 4096);
  CHECK(figures.wal_bytes > 0);
  CHECK(figures.schema_version >= 4);
  CHECK(figures.sqlite_version.starts_with("3."));
}
