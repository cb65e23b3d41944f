// SPDX-License-Identifier: MIT
// Events on their way to whoever follows: none is lost, none comes twice.
#include "http_api/event_stream.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <string>
#include <vector>

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

std::optional<std::string> next(asio::io_context& loop, const ApiAnswer& answer) {
  auto piece = asio::co_spawn(loop, answer.stream->next(), asio::use_future);
  loop.restart();
  loop.run();
  return *piece.get();
}

}  // namespace

TEST_CASE("event stream: each event is written with its number, its kind, and a line for each line of it") {
  CHECK(event_text({7, "run_paused", "{\"a\":1}\n"}) == "id: 7\nevent: run_paused\ndata: {\"a\":1}\n\n");
  CHECK(event_text({8, "x", "a\nb"}) == "id: 8\nevent: x\ndata: a\ndata: b\n\n");
}

TEST_CASE("event stream: it goes on behind the last event that the client has, piece by piece") {
  asio::io_context loop;
  EventBell bell;
  Record record{{{1, "a", "1"}, {2, "b", "2"}, {5, "c", "5"}, {6, "d", "6"}}};
  const ApiAnswer answer =
      event_stream(loop.get_executor(), record.source(), bell, 1, {.events_per_piece_max = 2});

  CHECK(answer.content_type == "text/event-stream");
  CHECK(next(loop, answer) == event_text({2, "b", "2"}) + event_text({5, "c", "5"}));
  CHECK(next(loop, answer) == event_text({6, "d", "6"}));
}

TEST_CASE("event stream: a bell wakes it, silence is broken by a comment, and stopping it ends it") {
  asio::io_context loop;
  EventBell bell;
  Record record;
  const ApiAnswer patient =
      event_stream(loop.get_executor(), record.source(), bell, 0, {.heartbeat = 1h, .look_every = 1h});
  asio::post(loop, [&] {
    record.events.push_back({1, "a", "1"});
    bell.ring();
  });
  CHECK(next(loop, patient) == event_text({1, "a", "1"}));

  asio::post(loop, [&] { patient.stream->stop(); });
  CHECK_FALSE(next(loop, patient).has_value());

  const ApiAnswer hasty = event_stream(loop.get_executor(), record.source(), bell, 1, {.heartbeat = 0ms});
  CHECK(next(loop, hasty)->starts_with(":"));
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
