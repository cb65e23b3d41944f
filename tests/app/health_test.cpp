// SPDX-License-Identifier: MIT
#include "app/health.hpp"

#include <doctest/doctest.h>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

const SteadyTime now{1h};

Vitals well() {
  return {.loop_at = now - 1s, .database_at = now - 2s, .is_store_open = true, .is_recovered = true};
}

}  // namespace

TEST_CASE("health: it is alive while loop and database have answered within fifteen seconds") {
  Vitals vitals = well();

  CHECK(judge_health(vitals, now).json == "{\"schema_version\":1,\"status\":\"ok\",\"problems\":[]}\n");
  CHECK(judge_health(vitals, now).http_status() == 200);
  vitals.database_at = now - 15s;
  CHECK(judge_health(vitals, now).is_good);
  vitals.database_at = now - 15s - 1ns;
  CHECK(judge_health(vitals, now).http_status() == 503);
  CHECK(judge_health(vitals, now).json ==
        "{\"schema_version\":1,\"status\":\"stuck\",\"problems\":[\"the database has not answered "
        "lately\"]}\n");
}

TEST_CASE("health: a database that never answered is stuck") {
  Vitals vitals = well();
  vitals.database_at = SteadyTime::min();

  CHECK_FALSE(judge_health(vitals, now).is_good);
}

TEST_CASE("health: what a restart would not mend leaves it alive, and not ready") {
  for (bool Vitals::* good :
       {&Vitals::is_store_open, &Vitals::is_recovered, &Vitals::is_configuration_valid}) {
    Vitals vitals = well();
    CHECK(judge_readiness(vitals, now).is_good);
    vitals.*good = false;

    CHECK(judge_health(vitals, now).is_good);
    CHECK(judge_readiness(vitals, now).http_status() == 503);
  }
  Vitals held = well();
  held.is_store_held = true;
  CHECK(judge_health(held, now).is_good);
  CHECK(
      judge_readiness(held, now).json ==
      "{\"schema_version\":1,\"status\":\"not_ready\",\"problems\":[\"another program holds the store\"]}\n");
  Vitals full = well();
  full.is_disk_full = true;
  CHECK(judge_health(full, now).is_good);
  CHECK(judge_readiness(full, now).json ==
        "{\"schema_version\":1,\"status\":\"not_ready\",\"problems\":["
        "\"the disk that the store is on is full\"]}\n");
  Vitals draining = well();
  draining.is_draining = true;
  CHECK(judge_readiness(draining, now).json ==
        "{\"schema_version\":1,\"status\":\"not_ready\",\"problems\":[\"it is about to end\"]}\n");
}
