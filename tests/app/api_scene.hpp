// SPDX-License-Identifier: MIT
// A store and the routes that look at it, without sockets: a target goes in, an answer comes out.
#pragma once

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

#include "app/read_routes.hpp"
#include "sluice/clock/clock.hpp"
#include "store/store_engines.hpp"
#include "store/store_fixture.hpp"

namespace sluice::testing {

/// A job that runs at half past two, when in spring there is no such time.
inline constexpr const char* nightly_job = R"({
  "name": "fw", "tenant": "prod",
  "call": {"product_key": "a1BwAGVxxxx", "identifier": "Set", "args": {"version": 1}},
  "targets": {"devices": ["lamp-1"]},
  "schedule": {"cron": "30 2 * * *", "zone": "Europe/Berlin"}
})";

/// Nobody sleeps: it is the time that was slept for, and something has happened meanwhile. Each sleep takes
/// the next thing to do.
struct ScriptedClock final : Clock {
  struct ScriptedAlarm final : Alarm {
    explicit ScriptedAlarm(ScriptedClock& its_clock) : clock(its_clock) {}

    boost::asio::awaitable<void> sleep_until(SteadyTime time) override {
      clock.now = time;
      if (clock.script.empty()) throw std::runtime_error{"somebody sleeps after the end of the script"};
      const std::function<void()> step = std::move(clock.script.front());
      clock.script.pop_front();
      step();
      co_return;
    }
    void ring() override {}

    ScriptedClock& clock;
  };

  UtcTime utc_now() const override { return store_tests::noon + std::chrono::minutes{1}; }
  SteadyTime steady_now() const override { return now; }
  std::unique_ptr<Alarm> alarm() override { return std::make_unique<ScriptedAlarm>(*this); }

  std::deque<std::function<void()>> script;
  SteadyTime now{std::chrono::hours{1}};
};

struct ApiScene {
  using Pieces = std::vector<std::string>;

  ApiAnswer get(const std::string& target, ApiParameters headers = {}) {
    CAPTURE(target);
    auto found = router.admit({.method = "GET",
                               .target = target,
                               .headers = std::move(headers),
                               .client = {.name = "ann", .scope = ApiScope::read}});
    if (auto* answer = std::get_if<ApiAnswer>(&found)) return std::move(*answer);
    auto& admitted = std::get<Router::Admitted>(found);
    return completed(admitted.route->handler(std::move(admitted.request)));
  }

  boost::json::value json(const std::string& target) {
    const ApiAnswer answer = get(target);
    INFO((answer.error ? answer.error->message : std::string{}));
    REQUIRE(answer.status == 200);
    return boost::json::parse(answer.body);
  }

  /// The items of all pages, following each `next`.
  boost::json::array all(std::string target) {
    boost::json::array items;
    for (int pages = 0; !target.empty(); ++pages) {
      REQUIRE(pages < 1000);
      const boost::json::value page = json(target);
      for (const auto& item : page.at("items").as_array()) items.push_back(item);
      target = page.at("next").is_null() ? std::string{} : std::string{page.at("next").as_string()};
    }
    return items;
  }

  /// What a stream yields up to its end.
  std::string whole(const ApiAnswer& answer) {
    REQUIRE(answer.stream);
    std::string text;
    while (auto piece = next_of(*answer.stream)) text += *piece;
    return text;
  }

  std::optional<std::string> next_of(ApiStream& stream) {
    return store_tests::expect(completed(stream.next()));
  }

  template <class T>
  T completed(boost::asio::awaitable<T> work) {
    std::optional<T> result;
    boost::asio::co_spawn(loop, std::move(work), [&](std::exception_ptr problem, T value) {
      if (problem) std::rethrow_exception(problem);
      result.emplace(std::move(value));
    });
    loop.restart();
    loop.run();
    REQUIRE(result.has_value());
    return std::move(*result);
  }

  store_tests::SqliteHome home;
  std::unique_ptr<Store> store = store_tests::expect(home.open(store_tests::noon));
  std::unique_ptr<BoundedReader> reader =
      store_tests::expect(open_bounded_reader(home.path(), std::chrono::minutes{10}));
  boost::asio::io_context loop;
  ReadSide reads{*reader, loop.get_executor(), loop.get_executor()};
  ScriptedClock clock;
  std::set<std::string> configured;  ///< tenants
  Router router{read_routes(reads, clock, [this] { return configured; })};
};

}  // namespace sluice::testing
