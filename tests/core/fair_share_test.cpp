// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "sluice/core/fair_share.hpp"
#include "sluice/core/run_pace.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

constexpr SteadyTime start{1h};
constexpr RunId one{1};
constexpr RunId other{2};

/// Who comes next, chunk by chunk, if both always have one that is due.
int chunks_of_one(FairShare& shares, int chunks, SteadyTime now) {
  int mine = 0;
  for (int i = 0; i < chunks; ++i) {
    const bool is_mine = shares.share_of(one, now).pass <= shares.share_of(other, now).pass;
    shares.taken(is_mine ? one : other, 1, now);
    mine += is_mine ? 1 : 0;
  }
  return mine;
}

}  // namespace

TEST_CASE("fair share: two runs of the same priority have every other chunk") {
  FairShare shares;
  shares.add(one, Priority::normal, start);
  shares.add(other, Priority::normal, start);

  CHECK(chunks_of_one(shares, 100, start) == 50);
}

TEST_CASE("fair share: an emergency has ten of eleven chunks beside a normal run") {
  FairShare shares;
  shares.add(one, Priority::emergency, start);
  shares.add(other, Priority::normal, start);

  const int mine = chunks_of_one(shares, 110, start);
  CHECK(mine >= 99);
  CHECK(mine <= 101);
}

TEST_CASE("fair share: a run that comes late has no claim on what was sent before it, and comes next") {
  FairShare shares;
  shares.add(one, Priority::normal, start);
  shares.taken(one, 10'000, start);
  shares.add(other, Priority::normal, start);

  CHECK(shares.share_of(other, start).pass <= shares.share_of(one, start).pass);
  CHECK(chunks_of_one(shares, 20, start) == 10);
}

TEST_CASE("fair share: a run that waits gains weight, twice as much for every minute") {
  FairShare shares;
  shares.add(one, Priority::bulk, start);
  const double fresh = shares.share_of(one, start).stride;

  CHECK(shares.share_of(one, start + 1min).stride == doctest::Approx(fresh / 2));
  CHECK(shares.share_of(one, start + 3min).stride == doctest::Approx(fresh / 8));
  shares.taken(one, 1, start + 3min);
  CHECK(shares.share_of(one, start + 3min).stride == doctest::Approx(fresh));
}

TEST_CASE("run pace: after a chunk of a hundred at 6,000 devices a minute, the next waits a second") {
  RunPace pace{std::nullopt, 6000.0};
  CHECK(pace.is_limited());
  CHECK(pace.next_send_at(100) <= start);

  pace.sent(start, 100);
  CHECK(pace.next_send_at(100) == start + 1s);
  pace.sent(start + 1s, 50);
  CHECK(pace.next_send_at(100) == start + 1s + 500ms);
}

TEST_CASE("run pace: no minute holds more than it may, whatever the chunks' size") {
  // Spread evenly, a hundred go every 40 s; but two of them are more than 150.
  RunPace pace{std::nullopt, 150.0};
  pace.sent(start, 100);
  CHECK(pace.next_send_at(50) == start + 40s);
  CHECK(pace.next_send_at(100) == start + 60s);

  pace.sent(start + 60s, 100);
  CHECK(pace.next_send_at(100) == start + 120s);
}

TEST_CASE("run pace: of two limits the slower one counts") {
  RunPace pace{2.0, 6000.0};
  pace.sent(start, 10);
  CHECK(pace.next_send_at(100) == start + 500ms);
  pace.sent(start + 500ms, 100);
  CHECK(pace.next_send_at(100) == start + 1500ms);
  CHECK_FALSE(RunPace(std::nullopt, std::nullopt).is_limited());
}

TEST_CASE("run pace: after a restart a minute passes, because an earlier process may have used it up") {
  RunPace pace{std::nullopt, 6000.0};
  pace.begin_after_others(start);
  CHECK(pace.next_send_at(100) == start + 60s);

  RunPace by_requests{2.0, std::nullopt};
  by_requests.begin_after_others(start);
  CHECK(by_requests.next_send_at(100) <= start);
}
