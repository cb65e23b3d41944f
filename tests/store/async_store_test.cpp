// SPDX-License-Identifier: MIT
// When an answer becomes durable, turn by turn: the loop and the database thread are two queues that the test
// empties by hand.
#include "sluice/store/async_store.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "sluice/store/open_store.hpp"
#include "store/store_fixture.hpp"
#include "support/unsteady_store.hpp"

using namespace sluice;
using namespace sluice::store_tests;

namespace {

class CountingStore : public test::UnsteadyStore {
 public:
  using UnsteadyStore::UnsteadyStore;

  Result<void> commit() override {
    ++commits;
    return UnsteadyStore::commit();
  }

  int commits = 0;
};

struct Scene {
  /// What is ready on the loop, and nothing on the database thread.
  void turn_loop() {
    loop.restart();
    loop.poll();
  }
  void turn_database() {
    database.restart();
    database.poll();
  }

  void answer_came(const ClaimedChunk& chunk) {
    boost::asio::co_spawn(loop, record(chunk), [](std::exception_ptr problem) { REQUIRE_FALSE(problem); });
    turn_loop();
  }

  boost::asio::awaitable<void> record(ClaimedChunk chunk) {
    auto work = [settlement = accepted(chunk)](Store& to) { return to.settle(settlement); };
    const Result<void> settled = co_await calls.call(std::move(work));
    expect(settled);
    ++recorded;
  }

  boost::asio::io_context loop;
  boost::asio::io_context database;
  CountingStore store{expect(open_memory_store(noon))};
  AsyncStore calls{store, loop.get_executor(), database.get_executor()};
  int recorded = 0;  ///< answers of which their coroutine knows that they are durable
};

}  // namespace

TEST_CASE("async store: a result is durable at most one commit after its answer") {
  Scene scene;
  const RunId run = submit(scene.store, {1, 1, 1});
  const std::vector<ClaimedChunk> claimed = claim(scene.store, 3);

  scene.answer_came(claimed[0]);
  // The first answer is on its way to the disk when two more come: they wait for that commit, and no other.
  scene.answer_came(claimed[1]);
  scene.answer_came(claimed[2]);
  scene.turn_database();
  CHECK(scene.store.commits == 1);
  CHECK(expect(scene.store.run(run))->devices == StateCounts{.in_flight = 2, .accepted = 1});
  scene.turn_loop();
  scene.turn_database();

  CHECK(scene.store.commits == 2);
  CHECK(expect(scene.store.run(run))->devices == StateCounts{.accepted = 3});
}

TEST_CASE("async store: nobody goes on before the commit that makes his call durable") {
  Scene scene;
  submit(scene.store, {1, 1});
  const std::vector<ClaimedChunk> claimed = claim(scene.store, 2);

  scene.answer_came(claimed[0]);
  scene.answer_came(claimed[1]);
  scene.turn_loop();
  CHECK(scene.recorded == 0);
  scene.turn_database();
  scene.turn_loop();
  CHECK(scene.recorded == 1);
  scene.turn_database();
  scene.turn_loop();

  CHECK(scene.recorded == 2);
}
