// SPDX-License-Identifier: MIT
// Conformance suite: what a request that comes again finds, whatever became of the first one.
#include "sluice/store/keyed_requests.hpp"

#include <doctest/doctest.h>

#include <string>
#include <variant>

#include "sluice/store/audit_log.hpp"
#include "store/store_engines.hpp"
#include "store/store_fixture.hpp"

using namespace sluice;
using namespace sluice::store_tests;

namespace {

const KeyedRequest order{.client = "token ci", .key = "k-1", .digest = "aa"};
const KeptAnswer queued{.status = 202, .location = "/api/v1/runs/1", .body = "{\"run\":1}\n"};

RequestState take(Store& store, const KeyedRequest& request = order, UtcTime now = noon) {
  return expect(store.keyed_requests().take_request(request, now, now - 24h));
}

std::int64_t take_new(Store& store, const KeyedRequest& request = order, UtcTime now = noon) {
  const RequestState state = take(store, request, now);
  REQUIRE(std::holds_alternative<RequestTaken>(state));
  return std::get<RequestTaken>(state).number;
}

/// A run that a person submits.
RunId submit_by_request(Store& store, std::int64_t number) {
  const OrderOrigin origin{store.audit_log(), {"unix", number}};
  const RunId run = expect(store.create_run({.job_name = "job",
                                             .tenant = "prod",
                                             .endpoint = "https://iot.example",
                                             .job_text = "{}",
                                             .rate = 8,
                                             .created_at = noon,
                                             .submitter = "ann"}));
  expect(store.add_chunks(run, {{.devices = 1, .names = names(0, 1)}}));
  expect(store.seal_run(run, 0));
  return run;
}

}  // namespace

TEST_CASE_TEMPLATE("keyed requests: the same again gets the answer that was kept, also in a later process",
                   Home, SLUICE_STORE_HOMES) {
  const Home home;
  {
    const auto store = expect(home.open(noon));
    expect(store->keyed_requests().keep_answer(take_new(*store), queued));
    CHECK(take(*store) == RequestState{queued});
  }
  const auto store = expect(home.open(noon + 1s));
  CHECK(take(*store) == RequestState{queued});
  CHECK(take(*store, {.client = "token ci", .key = "k-1", .digest = "bb"}) == RequestState{KeyOfAnother{}});
}

TEST_CASE_TEMPLATE("keyed requests: a key is its client's own", Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const std::int64_t first = take_new(*store);

  CHECK(take_new(*store, {.client = "token other", .key = "k-1", .digest = "aa"}) != first);
  CHECK(take_new(*store, {.client = "token ci", .key = "k-2", .digest = "aa"}) != first);
}

TEST_CASE_TEMPLATE("keyed requests: while one is under way, the same again is not begun", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const std::int64_t number = take_new(*store);
  CHECK(take(*store) == RequestState{RequestUnderWay{1}});
  submit_by_request(*store, number);

  // What it has done already changes nothing about that.
  CHECK(take(*store) == RequestState{RequestUnderWay{1}});
}

TEST_CASE_TEMPLATE("keyed requests: what a dead process had only begun is begun anew by the next", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  {
    take_new(*expect(home.open(noon)));
  }

  const auto store = expect(home.open(noon + 1s));
  expect(store->keyed_requests().keep_answer(take_new(*store), queued));
  CHECK(take(*store) == RequestState{queued});
}

TEST_CASE_TEMPLATE("keyed requests: what a dead process had carried out is never begun anew", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  RunId run;
  {
    const auto store = expect(home.open(noon));
    run = submit_by_request(*store, take_new(*store));
  }
  const auto store = expect(home.open(noon + 1s));

  const AnswerLost lost{.audit = 1, .action = "run_submitted", .target = "run 1", .run = run};
  CHECK(take(*store) == RequestState{lost});
  CHECK(take(*store) == RequestState{lost});
}

TEST_CASE_TEMPLATE("keyed requests: the mark of an order goes with the order when its group is abandoned",
                   Home, SLUICE_STORE_HOMES) {
  const Home home;
  {
    const auto store = expect(home.open(noon));
    const RunId run = submit(*store, {1});
    const std::int64_t number = take_new(*store);
    expect(store->begin());
    {
      const OrderOrigin origin{store->audit_log(), {"unix", number}};
      expect(store->set_run_control(
          {.run = run, .control = RunControl::paused, .reason = "x", .actor = "ann", .now = noon}));
    }
    store->abandon();
  }
  const auto store = expect(home.open(noon + 1s));
  CHECK(std::holds_alternative<RequestTaken>(take(*store)));
}

TEST_CASE_TEMPLATE("keyed requests: one that is left may come again only if nothing came of it", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const std::int64_t number = take_new(*store);
  expect(store->keyed_requests().leave_request(number));
  const std::int64_t second = take_new(*store);
  CHECK(second != number);
  submit_by_request(*store, second);

  expect(store->keyed_requests().leave_request(second));

  CHECK(std::holds_alternative<AnswerLost>(take(*store)));
  CHECK(kind_of(store->keyed_requests().keep_answer(second, queued)) == ErrorKind::refused);
}

TEST_CASE_TEMPLATE("keyed requests: an order of another request marks nothing", Home, SLUICE_STORE_HOMES) {
  const Home home;
  {
    const auto store = expect(home.open(noon));
    take_new(*store);
    submit_by_request(*store, 0);
  }
  const auto store = expect(home.open(noon + 1s));
  CHECK(std::holds_alternative<RequestTaken>(take(*store)));
}

TEST_CASE_TEMPLATE("keyed requests: a key is forgotten after its time, the oldest first and not all at once",
                   Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  for (int i = 0; i < 5; ++i) {
    const KeyedRequest one{.client = "c", .key = std::to_string(i), .digest = "aa"};
    expect(store->keyed_requests().keep_answer(take_new(*store, one, noon + i * 1h), queued));
  }

  // To the very hour it is known, and a moment later it is not.
  const KeyedRequest first{.client = "c", .key = "0", .digest = "other"};
  CHECK(take(*store, first, noon + 24h) == RequestState{KeyOfAnother{}});
  CHECK(std::holds_alternative<RequestTaken>(take(*store, first, noon + 24h + 1us)));

  CHECK(expect(store->keyed_requests().forget_requests(noon + 4h, 2)) == 2);  // of 1, 2 and 3
  CHECK(expect(store->keyed_requests().forget_requests(noon + 4h, 2)) == 1);
  CHECK(expect(store->keyed_requests().forget_requests(noon + 4h, 2)) == 0);
  CHECK(take(*store, {.client = "c", .key = "4", .digest = "aa"}) == RequestState{queued});
}
