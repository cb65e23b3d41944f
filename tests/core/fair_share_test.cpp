// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "sluice/core/fair_share.hpp"

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
