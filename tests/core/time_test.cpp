// SPDX-License-Identifier: MIT
#include "sluice/core/time.hpp"

#include <doctest/doctest.h>

using namespace sluice;

TEST_CASE("time: what is written like the signature's timestamps is read to the second") {
  CHECK(from_iso_seconds("1970-01-01T00:00:00Z") == UtcTime{});
  // 2024-01-02T03:04:05Z, as the tests of the simulated cloud have it.
  CHECK(from_iso_seconds("2024-01-02T03:04:05Z") == UtcTime{std::chrono::seconds{1'704'164'645}});
  CHECK(from_iso_seconds("2024-02-29T23:59:59Z").has_value());
}

TEST_CASE("time: what is written otherwise, or does not exist, is no time") {
  for (const char* bad :
       {"", "2024-01-02", "2024-01-02T03:04:05", "2024-01-02 03:04:05Z", "2023-02-29T00:00:00Z",
        "2024-13-01T00:00:00Z", "2024-00-10T00:00:00Z", "2024-01-02T24:00:00Z", "2024-01-02T03:60:00Z",
        "2024-01-02T-1:04:05Z", "2024-01-02T03:04:5 Z"}) {
    CAPTURE(bad);
    CHECK_FALSE(from_iso_seconds(bad).has_value());
  }
}
