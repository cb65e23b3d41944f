// SPDX-License-Identifier: MIT
// Sends per second, of whole seconds, and of no more than ten minutes.
#include "app/send_history.hpp"

#include <doctest/doctest.h>

#include <numeric>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t first = 1'700'000'000;
const UtcTime start{std::chrono::seconds{first}};

}  // namespace

TEST_CASE("send_history: a second is told when it is over, and one without a send is told as zero") {
  SendHistory history{start};
  history.note(start + 10ms);
  history.note(start + 999ms);
  history.note(start + 2s);

  CHECK(history.counts(start + 999ms) == SendCounts{first, {}});
  CHECK(history.counts(start + 1s) == SendCounts{first, {2}});
  CHECK(history.counts(start + 2500ms) == SendCounts{first, {2, 0}});
  CHECK(history.counts(start + 3s) == SendCounts{first, {2, 0, 1}});
}

TEST_CASE("send_history: what was before its beginning is not told as zero") {
  const SendHistory history{start + 1500ms};

  CHECK(history.counts(start + 3s) == SendCounts{first + 1, {0, 0}});
}

TEST_CASE("send_history: after more than ten minutes the last 600 whole seconds are told") {
  SendHistory history{start};
  for (int second = 0; second < 1500; ++second) {
    for (int send = 0; send <= second % 3; ++send) history.note(start + std::chrono::seconds{second});
  }

  const SendCounts told = history.counts(start + 1500s);

  CHECK(told.first_second == first + 900);
  REQUIRE(told.counts.size() == 600);
  CHECK(told.counts[0] == 1);  // 900 is a multiple of three
  CHECK(told.counts[1] == 2);
  CHECK(told.counts[599] == 3);
  CHECK(std::accumulate(told.counts.begin(), told.counts.end(), std::int64_t{0}) == 1200);
}

TEST_CASE("send_history: an old count does not come back when its place is used again") {
  SendHistory history{start};
  history.note(start);

  CHECK(history.counts(start + 601s).counts == std::vector<std::int64_t>(600, 0));
  CHECK(history.counts(start + 602s).counts == std::vector<std::int64_t>(600, 0));
}

TEST_CASE("send_history: since cuts what the client has, and may name a second to come") {
  SendHistory history{start};
  history.note(start + 1s);
  history.note(start + 2s);

  CHECK(history.counts(start + 3s, first + 2) == SendCounts{first + 2, {1}});
  CHECK(history.counts(start + 3s, first + 3) == SendCounts{first + 3, {}});
  CHECK(history.counts(start + 3s, first + 999) == SendCounts{first + 3, {}});
  CHECK(history.counts(start + 3s, 0).first_second == first);
}

TEST_CASE("send_history: when the clock is set back, sends are told at once all the same") {
  SendHistory history{start};
  history.note(start);
  history.note(start - 1h);

  CHECK(history.counts(start - 1h + 1s) == SendCounts{first - 3600, {1}});
}
