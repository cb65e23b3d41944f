// SPDX-License-Identifier: MIT
#include "sluice/core/breaker.hpp"

#include <doctest/doctest.h>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

constexpr SteadyTime start{1000s};

Breaker after_failures(int count, EndpointSign sign = EndpointSign::away) {
  Breaker breaker;
  for (int i = 0; i < count; ++i) breaker.heard(sign, start, std::nullopt);
  return breaker;
}

}  // namespace

TEST_CASE("breaker: four failures in a row are bad luck, five are a lost endpoint") {
  for (const EndpointSign sign : {EndpointSign::away, EndpointSign::away_with_doubt}) {
    CHECK_FALSE(after_failures(4, sign).is_open());
    CHECK(after_failures(5, sign).is_open());
  }
}

TEST_CASE("breaker: an answer in between starts the count anew") {
  Breaker breaker = after_failures(4);
  breaker.heard(EndpointSign::present, start, std::nullopt);
  breaker.heard(EndpointSign::away, start, std::nullopt);

  CHECK_FALSE(breaker.is_open());
  CHECK_FALSE(breaker.next_probe_at().has_value());
}

TEST_CASE("breaker: while open, a probe may start five seconds after the last one's start and end") {
  Breaker breaker = after_failures(5);
  CHECK(breaker.next_probe_at() == start + 5s);

  const auto probe = breaker.sent(start + 6s);
  REQUIRE(probe.has_value());
  breaker.heard(EndpointSign::away, start + 7s, probe);

  CHECK(breaker.next_probe_at() == start + 12s);
}

TEST_CASE("breaker: while a probe is on its way nothing else goes out, however long it takes") {
  Breaker breaker = after_failures(5);
  const auto probe = breaker.sent(start + 5s);
  CHECK(breaker.next_probe_at() == SteadyTime::max());

  // What was sent before the endpoint was lost ends meanwhile: that is not the probe's end.
  breaker.heard(EndpointSign::away, start + 10s, std::nullopt);
  CHECK(breaker.next_probe_at() == SteadyTime::max());

  breaker.heard(EndpointSign::away, start + 20s, probe);
  CHECK(breaker.next_probe_at() == start + 25s);
}

TEST_CASE("breaker: a probe that did not go out after all makes room for another, five seconds on") {
  Breaker breaker = after_failures(5);
  const auto probe = breaker.sent(start + 5s);

  breaker.ended(*probe);

  CHECK(breaker.next_probe_at() == start + 10s);
}

TEST_CASE("breaker: a probe that may have left its chunk in doubt is the last one for half a minute") {
  Breaker breaker = after_failures(5);
  const auto probe = breaker.sent(start + 5s);

  breaker.heard(EndpointSign::away_with_doubt, start + 20s, probe);

  CHECK(breaker.next_probe_at() == start + 50s);
}

TEST_CASE(
    "breaker: silence about what was sent before is no probe, and puts off the next one by five seconds "
    "only") {
  Breaker breaker = after_failures(5);

  breaker.heard(EndpointSign::away_with_doubt, start + 3s, std::nullopt);

  CHECK(breaker.next_probe_at() == start + 8s);
}

TEST_CASE("breaker: one answer closes it, the probe's or another's") {
  Breaker by_probe = after_failures(9);
  const auto probe = by_probe.sent(start + 5s);
  by_probe.heard(EndpointSign::present, start + 6s, probe);
  CHECK_FALSE(by_probe.is_open());

  Breaker by_another = after_failures(9);
  by_another.sent(start + 5s);
  by_another.heard(EndpointSign::present, start + 6s, std::nullopt);
  CHECK_FALSE(by_another.is_open());
  CHECK_FALSE(by_another.sent(start + 7s).has_value());
}

TEST_CASE("breaker: silence is a failure too, but whoever was sent a request was reached") {
  Breaker breaker = after_failures(4);
  CHECK_FALSE(breaker.was_ever_reached());

  breaker.sent(start);
  breaker.heard(EndpointSign::away_with_doubt, start + 15s, std::nullopt);

  CHECK(breaker.is_open());
  CHECK(breaker.was_ever_reached());
}

TEST_CASE("breaker: what an outcome says of the endpoint") {
  struct Row {
    OutcomeKind kind;
    int http_status;
    EndpointSign sign;
  };
  for (const Row& row : {
           Row{OutcomeKind::accepted, 200, EndpointSign::present},
           Row{OutcomeKind::throttled, 429, EndpointSign::present},
           // A gateway that throttles with 503 is there.
           Row{OutcomeKind::throttled, 503, EndpointSign::present},
           Row{OutcomeKind::nonce_used, 400, EndpointSign::present},
           Row{OutcomeKind::rejected_devices, 200, EndpointSign::present},
           Row{OutcomeKind::rejected_job, 413, EndpointSign::present},
           Row{OutcomeKind::blocked, 403, EndpointSign::present},
           Row{OutcomeKind::answered_unclear, 200, EndpointSign::present},
           Row{OutcomeKind::answered_unclear, 302, EndpointSign::present},
           Row{OutcomeKind::answered_unclear, 404, EndpointSign::present},
           Row{OutcomeKind::answered_unclear, 500, EndpointSign::away_with_doubt},
           Row{OutcomeKind::answered_unclear, 502, EndpointSign::away_with_doubt},
           Row{OutcomeKind::unavailable, 0, EndpointSign::away},
           Row{OutcomeKind::unavailable, 503, EndpointSign::away},
           Row{OutcomeKind::silent, 0, EndpointSign::away_with_doubt},
       }) {
    CAPTURE(to_string(row.kind));
    CAPTURE(row.http_status);

    CHECK(sign_of({.kind = row.kind, .http_status = row.http_status}) == row.sign);
  }
}
