// SPDX-License-Identifier: MIT
// Conformance suite: what a run is drawn from.
#include "sluice/store/run_picture.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "sluice/store/pages.hpp"
#include "store/store_engines.hpp"
#include "store/store_fixture.hpp"

using namespace sluice;
using namespace sluice::store_tests;

TEST_CASE_TEMPLATE("store: the newest results tell how many chunks they ended, and not of those before", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit(*store, {1, 1, 1, 1});
  CHECK_FALSE(expect(store->pages().late_results(run, noon, 10)).has_value());
  const auto claimed = claim(*store, 4);
  expect(store->settle(accepted(claimed[0], noon + 1s)));
  expect(store->settle(accepted(claimed[1], noon + 2s)));
  expect(store->settle(retried(claimed[2], noon + 9s, noon + 3s)));
  expect(store->settle(
      settlement(claimed[3], OutcomeKind::rejected_devices, {.state = ChunkState::failed}, noon + 4s)));

  const auto late = [&](UtcTime since, int attempts_max) {
    return expect(store->pages().late_results(run, since, attempts_max));
  };

  CHECK(late(noon, 10) == LateResults{.finished = 3, .first = noon + 1s, .last = noon + 4s});
  CHECK(late(noon + 2s, 10) == LateResults{.finished = 2, .first = noon + 2s, .last = noon + 4s});
  CHECK(late(noon, 2) == LateResults{.finished = 1, .first = noon + 3s, .last = noon + 4s});
  CHECK_FALSE(late(noon + 5s, 10).has_value());
}

TEST_CASE_TEMPLATE("store: a request without an answer has none, and one that did not go out is none", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit(*store, {1, 1, 1});
  const auto claimed = claim(*store, 3);
  Settlement answered = accepted(claimed[0], noon + 1s);
  answered.outcome.http_status = 200;
  Settlement unsent = retried(claimed[2], noon + 9s);
  unsent.sent_at.reset();
  expect(store->settle(answered));
  expect(store->settle(silent(claimed[1], noon + 2s)));
  expect(store->settle(unsent));

  std::vector<SentRequest> sends;
  expect(store->pages().for_each_send(run, [&](const SentRequest& send) { sends.push_back(send); }));

  CHECK(sends == std::vector<SentRequest>{{.sent_at = noon + 900ms, .answered_at = noon + 1s},
                                          {.sent_at = noon + 1900ms, .answered_at = std::nullopt}});
}

TEST_CASE_TEMPLATE("store: of a run that is not there nothing is drawn", Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  Pages& pages = store->pages();

  CHECK(kind_of(pages.for_each_leaf(RunId{1}, [](const LeafChunk&) {})) == ErrorKind::not_found);
  CHECK(kind_of(pages.for_each_send(RunId{1}, [](const SentRequest&) {})) == ErrorKind::not_found);
  CHECK(kind_of(pages.for_each_chunk_outcome(RunId{1}, [](const ChunkOutcome&) {})) == ErrorKind::not_found);
  CHECK(kind_of(pages.code_devices(RunId{1}, 3)) == ErrorKind::not_found);
  CHECK(kind_of(pages.late_results(RunId{1}, noon, 10)) == ErrorKind::not_found);
}
