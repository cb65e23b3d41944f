// SPDX-License-Identifier: MIT
// The gate by itself, on virtual time.
#include "engine/pace_gate.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>
#include <vector>

#include "clock/virtual_clock.hpp"

using namespace sluice;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

/// Requests that enter the gate one behind the other, and what became of each.
class Visitors {
 public:
  void enter(bool is_retry) {
    const std::size_t visitor = passes.size();
    passes.emplace_back();
    asio::co_spawn(loop, visit(visitor, is_retry), asio::detached);
  }

  asio::io_context loop;
  VirtualClock clock{loop};
  const SteadyTime start = clock.steady_now();
  PaceGate gate{clock, Pacer{10, start}};
  std::vector<std::optional<PaceGate::Pass>> passes;

 private:
  asio::awaitable<void> visit(std::size_t visitor, bool is_retry) {
    const std::optional<PaceGate::Pass> pass = co_await gate.enter(is_retry, is_wanted_);
    passes[visitor] = pass;
  }

  const std::function<bool()> is_wanted_ = [] { return true; };
};

Outcome away() { return {.kind = OutcomeKind::unavailable, .http_status = 503}; }

}  // namespace

TEST_CASE("pace gate: a retry that no longer has room when its turn comes is sent away, and others pass") {
  Visitors visitors;
  for (int i = 0; i < 4; ++i) visitors.enter(/*is_retry=*/true);
  visitors.enter(/*is_retry=*/false);

  visitors.clock.run();

  for (const std::size_t passed : {0U, 1U, 2U, 4U}) CHECK(visitors.passes[passed].has_value());
  CHECK_FALSE(visitors.passes[3].has_value());
  // Nobody waits for one who does not go.
  CHECK(visitors.passes[4]->at == visitors.start + 300ms);
}

TEST_CASE(
    "pace gate: while the endpoint is lost one probe passes, be it a retry, and the next one when it "
    "failed") {
  Visitors visitors;
  for (int i = 0; i < 3; ++i) visitors.enter(/*is_retry=*/true);
  visitors.clock.run();
  for (int i = 0; i < 5; ++i) visitors.gate.heed(std::nullopt, away());
  const SteadyTime lost_at = visitors.clock.steady_now();

  for (int i = 0; i < 2; ++i) visitors.enter(/*is_retry=*/true);
  visitors.clock.run_until(lost_at + 1min);

  REQUIRE(visitors.passes[3].has_value());
  CHECK(visitors.passes[3]->at == lost_at + 5s);
  CHECK(visitors.passes[3]->probe.has_value());
  CHECK_FALSE(visitors.passes[4].has_value());

  visitors.gate.heed(visitors.passes[3], away());
  visitors.clock.run();

  REQUIRE(visitors.passes[4].has_value());
  CHECK(visitors.passes[4]->at == lost_at + 1min + 5s);
}

TEST_CASE("pace gate: a connection that died behind the gate gives the probe's turn back") {
  Visitors visitors;
  for (int i = 0; i < 5; ++i) visitors.gate.heed(std::nullopt, away());
  visitors.enter(/*is_retry=*/false);
  visitors.clock.run();
  REQUIRE(visitors.passes[0].has_value());

  visitors.gate.passed_in_vain(*visitors.passes[0]);
  visitors.enter(/*is_retry=*/false);
  visitors.clock.run();

  REQUIRE(visitors.passes[1].has_value());
  CHECK(visitors.passes[1]->at == visitors.start + 10s);
}

TEST_CASE("pace gate: probes are no retries, so after an outage the budget is as it was before") {
  Visitors visitors;
  for (int i = 0; i < 5; ++i) visitors.gate.heed(std::nullopt, away());
  for (int i = 0; i < 6; ++i) {
    visitors.enter(/*is_retry=*/true);
    visitors.clock.run();
    REQUIRE(visitors.passes.back().has_value());
    visitors.gate.heed(visitors.passes.back(), away());
  }

  visitors.gate.heed(std::nullopt, {.kind = OutcomeKind::accepted, .http_status = 200});

  CHECK(visitors.gate.room_for_retries() == 3);
}
