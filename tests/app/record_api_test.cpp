// SPDX-License-Identifier: MIT
// Everything that looks, on its real threads: the loop asks many things at once while the store is written.
#include "app/record_api.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <exception>
#include <memory>
#include <string>
#include <variant>

#include "sluice/clock/clock.hpp"
#include "store/store_engines.hpp"
#include "store/store_fixture.hpp"

using namespace sluice;
using namespace sluice::store_tests;

TEST_CASE("record_api: what is read while the store is written is whole, and every question is answered") {
  const SqliteHome home;
  const auto store = expect(home.open(noon));
  submit(*store, std::vector<int>(50, 2));
  boost::asio::io_context loop;
  const std::unique_ptr<Clock> clock = open_system_clock(loop.get_executor());
  {
    const auto api = expect(RecordApi::open(
        home.path(), {.loop = loop.get_executor(),
                      .clock = *clock,
                      .config = [] { return Config{}; },
                      .environment = [](const char*) { return std::optional<std::string>{}; },
                      .find_list = [](std::string_view) { return std::optional<std::string>{}; }}));
    const Router router{api->routes()};
    int answered = 0;
    const auto ask = [&](const std::string& target) {
      auto found = router.admit({.method = "GET", .target = target, .client = {.scope = ApiScope::read}});
      auto& admitted = std::get<Router::Admitted>(found);
      boost::asio::co_spawn(
          loop, admitted.route->handler(std::move(admitted.request)),
          [&](std::exception_ptr problem, const ApiAnswer& answer) {
            REQUIRE_FALSE(problem);
            REQUIRE(answer.status == 200);
            const auto run = boost::json::parse(answer.body).at("items").at(0);
            // Whatever moment it is of, its devices add up.
            const auto& devices = run.at("devices");
            CHECK(devices.at("accepted").to_number<int>() + devices.at("pending").to_number<int>() == 100);
            ++answered;
          });
    };
    for (const ClaimedChunk& chunk : claim(*store, 50)) {
      ask("/api/v1/runs");
      loop.restart();
      loop.poll();
      expect(store->settle(accepted(chunk)));
    }
    loop.restart();
    loop.run();

    CHECK(answered == 50);
  }
}

TEST_CASE("record_api: a store that is not there is not found") {
  const SqliteHome home;
  boost::asio::io_context loop;
  const std::unique_ptr<Clock> clock = open_system_clock(loop.get_executor());

  const auto api = RecordApi::open(
      home.path(),
      {.loop = loop.get_executor(), .clock = *clock, .config = {}, .environment = {}, .find_list = {}});

  CHECK(kind_of(api) == ErrorKind::not_found);
}
