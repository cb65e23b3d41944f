// SPDX-License-Identifier: MIT
#include "app/pulse.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>
#include <vector>

#include "clock/virtual_clock.hpp"
#include "sluice/store/open_store.hpp"
#include "store/store_fixture.hpp"
#include "support/unsteady_store.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

struct Felt {
  std::unique_ptr<test::UnsteadyStore> store =
      std::make_unique<test::UnsteadyStore>(store_tests::expect(open_memory_store(store_tests::noon)));
  boost::asio::io_context context;
  boost::asio::io_context database;  // run by hand: a database that hangs is one that is not run
  VirtualClock clock{context};
  AsyncStore async_store{*store, context.get_executor(), database.get_executor()};
  std::vector<std::chrono::nanoseconds> delays;
  std::optional<std::int64_t> free_bytes;
  Pulse pulse{clock, async_store, [this](std::chrono::nanoseconds delay) { delays.push_back(delay); },
              [this] { return free_bytes; }};

  void start() {
    boost::asio::co_spawn(context, pulse.feel_loop(), boost::asio::detached);
    boost::asio::co_spawn(context, pulse.feel_database(), boost::asio::detached);
  }
  void turn(std::chrono::seconds duration, bool database_answers) {
    for (const SteadyTime end = clock.steady_now() + duration; clock.steady_now() < end;) {
      clock.run_until(clock.steady_now() + 100ms);
      database.restart();
      if (database_answers) database.poll();
    }
  }
};

}  // namespace

TEST_CASE("pulse: a database that hangs is felt, and the loop is not blamed for it") {
  Felt felt;
  felt.start();

  felt.turn(10s, true);
  CHECK(felt.clock.steady_now() - felt.pulse.database_at() <= Pulse::interval + 200ms);
  const SteadyTime hung_at = felt.clock.steady_now();
  felt.turn(60s, false);

  CHECK(felt.pulse.database_at() <= hung_at);
  CHECK(felt.clock.steady_now() - felt.pulse.loop_at() <= Pulse::interval);
  CHECK(felt.delays.size() == 34);  // at 2 s, 4 s, … 68 s
  felt.pulse.stop();
  felt.turn(10s, true);
  CHECK(felt.delays.size() == 34);
}

TEST_CASE("pulse: a disk that is full is felt although nothing is written, and also that it is so no more") {
  Felt felt;
  felt.start();
  felt.turn(10s, true);
  CHECK_FALSE(felt.pulse.is_disk_full());

  felt.free_bytes = 1024 * 1024 - 1;
  felt.turn(4s, true);
  CHECK(felt.pulse.is_disk_full());
  felt.free_bytes = 1024 * 1024;
  felt.turn(4s, true);

  CHECK_FALSE(felt.pulse.is_disk_full());
  felt.pulse.stop();
  felt.turn(10s, true);
}

TEST_CASE("pulse: a store that another program holds is told as held, and its database as alive") {
  Felt felt;
  bool is_held = false;
  felt.store->is_held = [&is_held] { return is_held; };
  felt.start();

  felt.turn(10s, true);
  CHECK_FALSE(felt.pulse.is_store_held());
  is_held = true;
  felt.turn(60s, true);
  CHECK(felt.pulse.is_store_held());
  CHECK(felt.clock.steady_now() - felt.pulse.database_at() <= Pulse::interval + 200ms);
  is_held = false;
  felt.turn(10s, true);

  CHECK_FALSE(felt.pulse.is_store_held());
  felt.pulse.stop();
  felt.turn(10s, true);
}
