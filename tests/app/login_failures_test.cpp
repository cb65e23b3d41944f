// SPDX-License-Identifier: MIT
#include "app/login_failures.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>

namespace sluice {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime start{100s};

AuditEntry failure_of(const std::string& peer, const std::string& target = "/api/v1/runs") {
  return {.at = UtcTime{1000s},
          .actor = "unknown",
          .origin = peer,
          .action = "login_failed",
          .target = target,
          .reason = "the token is none that is known here"};
}

}  // namespace

TEST_CASE("login failures: a peer's first is a row at once, and those of its minute are one row after it") {
  LoginFailures failures;

  CHECK(failures.is_told(failure_of("10.0.0.1"), start));
  CHECK_FALSE(failures.is_told(failure_of("10.0.0.1"), start + 1s));
  CHECK_FALSE(failures.is_told(failure_of("10.0.0.1", "/metrics"), start + 59s));
  CHECK(failures.due(start + 59s).empty());
  const std::vector<AuditEntry> rows = failures.due(start + 60s);

  AuditEntry expected = failure_of("10.0.0.1", "/metrics");
  expected.after = "2 more within a minute, this the last";
  CHECK(rows == std::vector<AuditEntry>{expected});
}

TEST_CASE("login failures: who goes on has one row a minute, and who was quiet for one is new again") {
  LoginFailures failures;
  CHECK(failures.is_told(failure_of("10.0.0.1"), start));
  CHECK_FALSE(failures.is_told(failure_of("10.0.0.1"), start + 1s));
  CHECK(failures.due(start + 60s).size() == 1);

  CHECK_FALSE(failures.is_told(failure_of("10.0.0.1"), start + 61s));
  CHECK(failures.due(start + 119s).empty());
  CHECK(failures.due(start + 120s).size() == 1);
  CHECK(failures.due(start + 180s).empty());
  CHECK(failures.is_told(failure_of("10.0.0.1"), start + 181s));
}

TEST_CASE(
    "login failures: a thousand addresses that fail for an hour leave at most seventeen rows a minute") {
  LoginFailures failures;
  std::size_t rows = 0;
  std::size_t after_first_minute = 0;

  for (int second = 0; second < 3600; ++second) {
    for (int peer = 0; peer < 1000; ++peer) {
      const std::string address = fmt::format("10.0.{}.{}", peer / 250, peer % 250);
      if (failures.is_told(failure_of(address), start + std::chrono::seconds{second})) ++rows;
    }
    if (second % 5 == 0) rows += failures.due(start + std::chrono::seconds{second}).size();
    if (second == 59) after_first_minute = rows;
  }

  // Sixteen peers of their own and one row for all others; at first at once, then once a minute each.
  CHECK(after_first_minute == 17);
  CHECK(rows == 17 * 60);
  CHECK(failures.all().size() == 17);
  CHECK(failures.all().empty());
}

TEST_CASE("login failures: those beyond the first peers are counted as of other addresses") {
  LoginFailures failures;
  for (std::size_t peer = 0; peer < audited_peers_max; ++peer)
    CHECK(failures.is_told(failure_of(fmt::format("10.0.0.{}", peer)), start));

  CHECK(failures.is_told(failure_of("10.0.1.1"), start));
  CHECK_FALSE(failures.is_told(failure_of("10.0.1.2"), start));
  CHECK_FALSE(failures.is_told(failure_of("10.0.1.3"), start));
  const std::vector<AuditEntry> rows = failures.due(start + 60s);

  REQUIRE(rows.size() == 1);
  CHECK(rows[0].origin == "other addresses");
  CHECK(rows[0].after == "2 more within a minute, this the last");
}

}  // namespace sluice
