// SPDX-License-Identifier: MIT
// A request that comes with a key is carried out once, over the real store, whatever happens to its answer.
#include "http_api/idempotency.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "http_api/order_source.hpp"
#include "sluice/store/open_store.hpp"
#include "store/store_engines.hpp"
#include "store/store_fixture.hpp"
#include "support/unsteady_store.hpp"

using namespace sluice;
using namespace sluice::store_tests;

namespace {

namespace asio = boost::asio;
using Answered = std::optional<ApiAnswer>;

/// A process over a store: its handler answers as the test says, and counts.
struct Process {
  explicit Process(const SqliteHome& home)
      : store(std::make_unique<test::UnsteadyStore>(expect(home.open(noon)))) {}

  asio::awaitable<ApiAnswer> handle(ApiRequest request) {
    ++times;
    if (order_run) pause_run(request);
    if (is_held_afterwards) store->is_held = [] { return true; };
    if (throws) throw std::runtime_error{"a mistake"};
    if (waits) {
      asio::steady_timer hold{loop, std::chrono::steady_clock::time_point::max()};
      release = [&hold] { hold.cancel(); };
      boost::system::error_code ignored;
      co_await hold.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    co_return answer;
  }

  /// Some order by the request, as a handler gives one.
  void pause_run(const ApiRequest& request) {
    const OrderOrigin origin{store->audit_log(), source_of(request)};
    expect(store->set_run_control({.run = *order_run,
                                   .control = RunControl::paused,
                                   .reason = "x",
                                   .actor = request.client.name,
                                   .now = now}));
  }

  ApiRequest request(std::optional<std::string> key, std::string body = "{}") const {
    ApiRequest asked{.method = "POST",
                     .target = "/api/v1/runs",
                     .client = {.kind = ApiClient::Kind::token,
                                .name = client,
                                .scope = ApiScope::operate,
                                .origin = "192.0.2.7"},
                     .body = std::move(body)};
    if (key) asked.headers["idempotency-key"] = *std::move(key);
    return asked;
  }

  void begin(ApiRequest asked, Answered& into) {
    asio::co_spawn(loop, route.handler(std::move(asked)),
                   [&into](std::exception_ptr problem, ApiAnswer given) {
                     REQUIRE_FALSE(problem);
                     into = std::move(given);
                   });
  }

  ApiAnswer ask(std::optional<std::string> key, std::string body = "{}") {
    Answered answered;
    begin(request(std::move(key), std::move(body)), answered);
    loop.restart();
    loop.run();
    REQUIRE(answered.has_value());
    return *answered;
  }

  std::unique_ptr<test::UnsteadyStore> store;
  asio::io_context loop;
  AsyncStore calls{*store, loop.get_executor(), loop.get_executor()};
  std::string client = "ci";
  ApiAnswer answer{.status = 202, .body = "{\"run\":7}\n", .headers = {{"Location", "/api/v1/runs/7"}}};
  std::optional<RunId> order_run;
  std::function<void()> release;
  UtcTime now = noon;
  int times = 0;
  bool throws = false;
  bool waits = false;
  bool is_held_afterwards = false;  ///< another program takes the store while the handler is at work
  bool is_ending = false;
  Route route = with_key({.method = "POST",
                          .pattern = "/api/v1/runs",
                          .handler = [this](ApiRequest asked) { return handle(std::move(asked)); },
                          .takes_key = true},
                         std::make_shared<const KeyGround>(KeyGround{
                             .store = calls,
                             .utc_now = [this] { return now; },
                             .is_ending = [this] { return is_ending; },
                             .answer_for_run = [](RunId run) -> asio::awaitable<ApiAnswer> {
                               co_return ApiAnswer{.status = 202, .body = "run " + std::to_string(run.value)};
                             }}));
};

std::string header(const ApiAnswer& answer, std::string_view name) {
  for (const auto& [known, value] : answer.headers) {
    if (known == name) return value;
  }
  return {};
}

}  // namespace

TEST_CASE("idempotency: the same request again gets the same answer and does nothing") {
  const SqliteHome home;
  {
    Process process{home};
    CHECK(header(process.ask("k"), "Idempotency-Replayed").empty());
    process.answer.body = "something else";

    const ApiAnswer again = process.ask("k");
    CHECK(again.status == 202);
    CHECK(again.body == "{\"run\":7}\n");
    CHECK(header(again, "Location") == "/api/v1/runs/7");
    CHECK(header(again, "Idempotency-Replayed") == "true");
    CHECK(process.times == 1);
  }
  Process next{home};
  CHECK(next.ask("k").body == "{\"run\":7}\n");
  CHECK(next.times == 0);
}

TEST_CASE("idempotency: without a key each request is carried out") {
  const SqliteHome home;
  Process process{home};
  process.ask({});
  process.ask({});
  CHECK(process.times == 2);
}

TEST_CASE("idempotency: a key is good for one request of one client") {
  const SqliteHome home;
  Process process{home};
  process.ask("k");

  const ApiAnswer other_body = process.ask("k", R"({"job":"x"})");
  CHECK(other_body.status == 422);
  CHECK(process.times == 1);
  process.client = "another";
  CHECK(process.ask("k").status == 202);
  CHECK(process.times == 2);
}

TEST_CASE("idempotency: what is no key is refused before anything is done") {
  const SqliteHome home;
  Process process{home};
  for (const std::string& key : std::vector<std::string>{"", std::string(256, 'a'), "tab\there", "k\xc3\xa9y",
                                                         std::string("nul\0", 4)}) {
    CAPTURE(key);
    CHECK(process.ask(key).status == 400);
  }
  CHECK(process.times == 0);
  CHECK(process.ask(std::string(255, '~')).status == 202);
}

TEST_CASE("idempotency: while the first is being carried out, the second is told to wait") {
  const SqliteHome home;
  Process process{home};
  process.waits = true;
  Answered first;
  Answered second;
  process.begin(process.request("k"), first);
  process.loop.poll();
  process.begin(process.request("k"), second);
  process.loop.poll();

  REQUIRE(second.has_value());
  CHECK(second->status == 409);
  CHECK(header(*second, "Retry-After") == "1");
  CHECK_FALSE(first.has_value());
  process.release();
  process.loop.run();
  REQUIRE(first.has_value());
  process.waits = false;
  CHECK(process.ask("k").body == first->body);
  CHECK(process.times == 1);
}

TEST_CASE("idempotency: a refusal is kept with its words, a failure of ours is not") {
  const SqliteHome home;
  Process process{home};
  process.answer = refused(Error{ErrorKind::invalid_input, "job:1:2: no such thing", "Leave it out."});
  process.ask("refused");
  process.answer = ApiAnswer{};
  const ApiAnswer again = process.ask("refused");
  CHECK(again.status == 422);
  REQUIRE(again.error.has_value());
  CHECK(again.error->kind == ErrorKind::invalid_input);
  CHECK(again.error->message == "job:1:2: no such thing");
  CHECK(again.error->hint == "Leave it out.");

  process.answer = refused(Error{ErrorKind::storage_busy, "held", ""});
  CHECK(process.ask("busy").status == 503);
  process.throws = true;
  CHECK(process.ask("busy").status == 500);
  process.throws = false;
  process.answer = ApiAnswer{.status = 202};
  CHECK(process.ask("busy").status == 202);
  CHECK(process.times == 4);
}

TEST_CASE("idempotency: a refusal for the number of devices tells the number again") {
  const SqliteHome home;
  Process process{home};
  process.answer =
      refused_for_number({ErrorKind::refused, "the retry has 2 devices, but 3 were expected", ""}, 2);
  process.ask("k");

  process.answer = ApiAnswer{};
  CHECK(process.ask("k").devices == 2);
}

TEST_CASE("idempotency: what is refused because the process ends may come again") {
  const SqliteHome home;
  Process process{home};
  process.answer = refused(Error{ErrorKind::refused, "the daemon is about to end", ""});
  process.is_ending = true;
  process.ask("k");

  process.is_ending = false;
  process.answer = ApiAnswer{.status = 202};
  CHECK(process.ask("k").status == 202);
}

TEST_CASE(
    "idempotency: a failure after the order was given is told as such, and the order is not given again") {
  const SqliteHome home;
  Process process{home};
  process.order_run = submit(*process.store, {1});
  process.throws = true;
  CHECK(process.ask("k").status == 500);

  const ApiAnswer again = process.ask("k");
  CHECK(again.status == 409);
  REQUIRE(again.error.has_value());
  CHECK(again.error->message == "this was carried out (run_paused, run 1), and its answer was lost");
  CHECK(again.error->hint.find("GET /api/v1/audit?after=0&limit=1") != std::string::npos);
  CHECK(header(again, "Retry-After").empty());
  CHECK(process.times == 1);
}

TEST_CASE(
    "idempotency: what ended while the store was held is carried out by the same key once it is let go") {
  const SqliteHome home;
  Process process{home};
  process.is_held_afterwards = true;
  process.answer = refused(Error{ErrorKind::storage_busy, "another program holds the store", ""});
  CHECK(process.ask("k").status == 503);
  process.store->is_held = [] { return false; };
  process.is_held_afterwards = false;
  process.answer = {.status = 202, .body = "done"};

  CHECK(process.ask("k").body == "done");
  CHECK(process.times == 2);
}

TEST_CASE("idempotency: what was done while the store could not be told of the answer is not done again") {
  const SqliteHome home;
  Process process{home};
  process.order_run = submit(*process.store, {1});
  process.is_held_afterwards = true;
  process.ask("k");
  process.store->is_held = [] { return false; };

  const ApiAnswer again = process.ask("k");
  CHECK(again.status == 409);
  REQUIRE(again.error.has_value());
  CHECK(again.error->message.find("its answer was lost") != std::string::npos);
  CHECK(process.times == 1);
}

TEST_CASE("idempotency: a day later a key is a new one") {
  const SqliteHome home;
  Process process{home};
  process.ask("k");
  process.now = noon + keys_kept_for;
  process.ask("k");
  CHECK(process.times == 1);
  process.now += 1us;
  process.ask("k");
  CHECK(process.times == 2);
}
