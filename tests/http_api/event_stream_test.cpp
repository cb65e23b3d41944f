// SPDX-License-Identifier: MIT
// Events on their way to whoever follows: none is lost, none comes twice.
#include "http_api/event_stream.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "clock/virtual_clock.hpp"

namespace sluice::tests {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

/// A record of events, as the database is one.
struct Record {
  std::vector<ApiEvent> events;

  EventSource source() {
    return [this](std::int64_t after, std::size_t max) -> asio::awaitable<Result<std::vector<ApiEvent>>> {
      std::vector<ApiEvent> found;
      for (const ApiEvent& event : events) {
        if (event.id > after && found.size() < max) found.push_back(event);
      }
      co_return found;
    };
  }
};

/// Streams of that record, in virtual time.
struct Scene {
  ApiAnswer stream(std::int64_t after, EventPace pace = {}) {
    return event_stream(clock, record.source(), bell, after, pace);
  }
  /// @return what the next piece is, as soon as there is one
  std::optional<std::string> next(const ApiAnswer& answer) {
    std::optional<std::string> piece;
    const auto take = [&](std::exception_ptr problem, Result<std::optional<std::string>> taken) {
      if (problem) std::rethrow_exception(problem);
      piece = *taken;
    };
    asio::co_spawn(loop, answer.stream->next(), take);
    clock.run();
    return piece;
  }
  /// Something happens meanwhile.
  void later(std::chrono::nanoseconds delay, std::function<void()> happens) {
    const auto wait = [this, at = clock.steady_now() + delay,
                       happens = std::move(happens)]() -> asio::awaitable<void> {
      const std::unique_ptr<Alarm> alarm = clock.alarm();
      co_await alarm->sleep_until(at);
      happens();
    };
    asio::co_spawn(loop, wait, asio::detached);
  }

  asio::io_context loop;
  VirtualClock clock{loop};
  EventBell bell;
  Record record;
};

}  // namespace

TEST_CASE("event stream: each event is written with its number, its kind, and a line for each line of it") {
  CHECK(event_text({7, "run_paused", "{\"a\":1}\n"}) == "id: 7\nevent: run_paused\ndata: {\"a\":1}\n\n");
  CHECK(event_text({8, "x", "a\nb"}) == "id: 8\nevent: x\ndata: a\ndata: b\n\n");
}

TEST_CASE("event stream: it goes on behind the last event that the client has, piece by piece") {
  Scene scene;
  scene.record.events = {{1, "a", "1"}, {2, "b", "2"}, {5, "c", "5"}, {6, "d", "6"}};
  const ApiAnswer answer = scene.stream(1, {.events_per_piece_max = 2});

  CHECK(answer.content_type == "text/event-stream");
  CHECK(scene.next(answer) == event_text({2, "b", "2"}) + event_text({5, "c", "5"}));
  CHECK(scene.next(answer) == event_text({6, "d", "6"}));
}

TEST_CASE("event stream: a bell wakes it at once, and stopping it ends it") {
  Scene scene;
  const ApiAnswer patient = scene.stream(0, {.heartbeat = 1h, .look_every = 1h});
  const SteadyTime begin = scene.clock.steady_now();
  scene.later(3s, [&] {
    scene.record.events.push_back({1, "a", "1"});
    scene.bell.ring();
  });
  CHECK(scene.next(patient) == event_text({1, "a", "1"}));
  CHECK(scene.clock.steady_now() == begin + 3s);

  scene.later(3s, [&] { patient.stream->stop(); });
  CHECK_FALSE(scene.next(patient).has_value());
  CHECK(scene.clock.steady_now() == begin + 6s);
}

TEST_CASE("event stream: what no bell tells of is seen within a second, and silence broken after fifteen") {
  Scene scene;
  const ApiAnswer answer = scene.stream(0);
  const SteadyTime begin = scene.clock.steady_now();
  scene.later(3500ms, [&] { scene.record.events.push_back({1, "a", "1"}); });
  CHECK(scene.next(answer) == event_text({1, "a", "1"}));
  CHECK(scene.clock.steady_now() == begin + 4s);

  CHECK(scene.next(answer)->starts_with(":"));
  CHECK(scene.clock.steady_now() == begin + 19s);
}

TEST_CASE("event stream: where to go on is said by a header, or else by the query, and is a number") {
  CHECK(*last_event_id({}, 9) == 9);
  CHECK(*last_event_id({.query = {{"last_event_id", "3"}}}, 9) == 3);
  CHECK(*last_event_id({.query = {{"last_event_id", "3"}}, .headers = {{"last-event-id", "4"}}}, 9) == 4);
  for (const char* text : {"", "-1", "x", "1x", "99999999999999999999"}) {
    CAPTURE(text);
    CHECK(last_event_id({.headers = {{"last-event-id", text}}}, 9).error().kind == ErrorKind::usage);
  }
}

}  // namespace sluice::tests
