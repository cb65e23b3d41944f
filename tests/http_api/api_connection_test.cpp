// SPDX-License-Identifier: MIT
// One connection and its client in virtual time: what he may take his time for, how much of it, and that
// whatever happens the connection is gone afterwards.
#include "http_api/api_connection.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "clock/virtual_clock.hpp"
#include "http_api/some_limits.hpp"
#include "support/temporary_folder.hpp"

namespace sluice::tests {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

/// Between the server and a client who is part of the test.
struct Line {
  explicit Line(VirtualClock& line_clock)
      : clock(line_clock), reader(clock.alarm()), writer(clock.alarm()), greeter(clock.alarm()) {}

  void wake() {
    for (Alarm* sleeper : {reader.get(), writer.get(), greeter.get()}) sleeper->ring();
  }

  VirtualClock& clock;
  std::unique_ptr<Alarm> reader;
  std::unique_ptr<Alarm> writer;
  std::unique_ptr<Alarm> greeter;
  bool is_agreed = true;  ///< upon TLS
  bool has_left = false;
  bool is_taking = true;
  std::string sent;      ///< and not read yet
  std::string offered;   ///< the last that was to be taken
  std::string answered;  ///< all that was
  std::optional<SteadyTime> dropped_at;
};

class LineWire : public ApiWire {
 public:
  explicit LineWire(std::shared_ptr<Line> line) : line_(std::move(line)) {}

  asio::awaitable<bool> greet() override {
    while (!line_->is_agreed && !is_closed()) co_await line_->greeter->sleep_until(SteadyTime::max());
    co_return !is_closed();
  }
  asio::awaitable<std::size_t> read_some(asio::mutable_buffer into) override {
    while (line_->sent.empty() && !line_->has_left && !is_closed()) {
      co_await line_->reader->sleep_until(SteadyTime::max());
    }
    if (is_closed()) co_return 0;
    const std::size_t count = std::min(into.size(), line_->sent.size());
    std::memcpy(into.data(), line_->sent.data(), count);
    line_->sent.erase(0, count);
    co_return count;
  }
  asio::awaitable<bool> write(std::string_view text) override {
    line_->offered = text;
    while (!line_->is_taking && !is_closed()) co_await line_->writer->sleep_until(SteadyTime::max());
    if (is_closed()) co_return false;
    line_->answered += text;
    co_return true;
  }
  asio::awaitable<void> finish() override { co_return; }
  void close() override {
    if (!is_closed()) line_->dropped_at = line_->clock.steady_now();
    line_->wake();
  }
  void watch(std::function<void()>) override {}
  void unwatch() override {}

 private:
  bool is_closed() const { return line_->dropped_at.has_value(); }

  std::shared_ptr<Line> line_;
};

/// What a stream yields when there is something; then it waits for more.
struct Tap : ApiStream {
  explicit Tap(Clock& clock) : alarm(clock.alarm()) {}

  asio::awaitable<Result<std::optional<std::string>>> next() override {
    while (pieces.empty() && !is_stopped && !is_broken) co_await alarm->sleep_until(SteadyTime::max());
    if (is_broken) throw std::runtime_error{"broken"};
    if (is_stopped) co_return std::optional<std::string>{};
    std::string piece = std::move(pieces.front());
    pieces.erase(pieces.begin());
    co_return std::optional{std::move(piece)};
  }
  void stop() override {
    is_stopped = true;
    alarm->ring();
  }
  void yield(std::string piece) {
    pieces.push_back(std::move(piece));
    alarm->ring();
  }
  void break_it() {
    is_broken = true;
    alarm->ring();
  }

  std::unique_ptr<Alarm> alarm;
  std::vector<std::string> pieces;
  bool is_stopped = false;
  bool is_broken = false;
};

/// A client who has just come.
class Scene {
 public:
  Scene() { begin(); }
  explicit Scene(bool is_agreed) {
    line->is_agreed = is_agreed;
    begin();
  }
  ~Scene() {
    if (const auto left = connection.lock()) left->leave();
    release_handler();
    clock.run();
    CHECK(connection.expired());  // nothing that waits holds it
  }

  void send(std::string_view text) {
    line->sent += text;
    line->reader->ring();
    wait(0s);
  }
  void wait(std::chrono::nanoseconds time) {
    clock.run_until(clock.steady_now() + time);
    while (!is_disk_stuck && disk.poll() > 0) {
      disk.restart();
      clock.run_until(clock.steady_now());
    }
    disk.restart();
  }
  void take(bool is_taking) {
    line->is_taking = is_taking;
    line->writer->ring();
    wait(0s);
  }
  void leave() {
    connection.lock()->leave();
    wait(0s);
  }
  void release_handler() {
    is_released = true;
    handler_alarm->ring();
    wait(0s);
  }
  bool is_dropped() const { return line->dropped_at.has_value(); }
  bool was_answered(std::string_view what) const { return line->answered.find(what) != std::string::npos; }
  /// How long he was put up with, counted from that moment, when he does nothing more.
  std::chrono::nanoseconds dropped_after(SteadyTime moment) {
    clock.run();
    REQUIRE(line->dropped_at.has_value());
    return *line->dropped_at - moment;
  }
  SteadyTime now() const { return clock.steady_now(); }
  std::size_t files() const {
    const std::filesystem::path uploads{folder / "uploads"};
    if (!std::filesystem::exists(uploads)) return 0;
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator{uploads}, std::filesystem::directory_iterator{}));
  }

  TemporaryFolder folder;
  asio::io_context loop;
  asio::io_context disk;
  bool is_disk_stuck = false;
  VirtualClock clock{loop};
  std::shared_ptr<Line> line = std::make_shared<Line>(clock);
  std::shared_ptr<Tap> tap = std::make_shared<Tap>(clock);
  std::weak_ptr<ApiConnection> connection;
  std::unique_ptr<Alarm> handler_alarm = clock.alarm();
  bool is_released = false;
  int orders = 0;

 private:
  void begin() {
    const auto made = std::make_shared<ApiConnection>(
        loop.get_executor(), std::make_unique<LineWire>(line),
        ApiPeer{.process = SocketPeer{::geteuid(), ::getpid()}, .origin = "unix"}, common);
    connection = made;
    asio::co_spawn(loop, made->serve(), [made](std::exception_ptr) {});
    wait(0s);
  }
  Route route(std::string method, std::string pattern, ApiHandler handler, ApiBody body = ApiBody::none) {
    return {.method = method,
            .pattern = pattern,
            .scope = ApiScope::none,
            .operation = method + pattern,
            .handler = std::move(handler),
            .body = body};
  }
  std::vector<Route> routes() {
    const auto take_order = [this](ApiRequest) -> asio::awaitable<ApiAnswer> {
      ++orders;
      co_return ApiAnswer{.body = "taken"};
    };
    const auto answer_late = [this](ApiRequest) -> asio::awaitable<ApiAnswer> {
      while (!is_released) co_await handler_alarm->sleep_until(SteadyTime::max());
      co_return ApiAnswer{.body = std::string(100'000, 'x')};
    };
    const auto stream = [this](ApiRequest) -> asio::awaitable<ApiAnswer> {
      co_return ApiAnswer{.stream = tap};
    };
    return {route("GET", "/short", take_order), route("POST", "/order", take_order, ApiBody::json),
            route("POST", "/upload", take_order, ApiBody::upload), route("GET", "/late", answer_late),
            route("GET", "/stream", stream)};
  }

  ApiCommon common{.clock = clock,
                   .router = Router{routes()},
                   .surroundings = {.name_of = [](uid_t) { return std::string{"ann"}; },
                                    .uploads_folder = folder / "uploads"},
                   .limits = some_limits,
                   .files = disk.get_executor()};
};

std::string get(const std::string& target) { return "GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n"; }

std::string head_of_post(const std::string& target, const std::string& type, std::size_t bytes) {
  return "POST " + target + " HTTP/1.1\r\nHost: x\r\nContent-Type: " + type +
         "\r\nContent-Length: " + std::to_string(bytes) + "\r\n\r\n";
}

}  // namespace

TEST_CASE("api connection: whoever does not come to terms about TLS is dropped after the time of a header") {
  Scene scene{/*is_agreed=*/false};
  const SteadyTime begin = scene.now();
  CHECK(scene.dropped_after(begin) == 5s);
}

TEST_CASE(
    "api connection: whoever says nothing is dropped after a minute, before his first request and after") {
  Scene scene;
  scene.wait(59s);
  CHECK_FALSE(scene.is_dropped());

  scene.send(get("/short"));
  CHECK(scene.was_answered("HTTP/1.1 200 "));
  const SteadyTime served_at = scene.now();
  CHECK(scene.dropped_after(served_at) == 60s);
  CHECK(scene.orders == 1);

  Scene silent;
  const SteadyTime begin = silent.now();
  CHECK(silent.dropped_after(begin) == 60s);
  CHECK(silent.line->answered.empty());
}

TEST_CASE("api connection: a header that comes letter by letter has its five seconds, and no answer") {
  Scene scene;
  scene.wait(30s);
  const SteadyTime begin = scene.now();
  scene.send("GET /short HTTP/1.1\r\nX-Slow: ");

  for (int i = 0; i < 20 && !scene.is_dropped(); ++i) {
    scene.wait(490ms);
    scene.send("a");
  }

  CHECK(scene.dropped_after(begin) == 5s);
  CHECK(scene.line->answered.empty());
}

TEST_CASE("api connection: a header behind another request has its time from when its turn has come") {
  Scene scene;
  scene.send(get("/late") + "GET /short HT");
  scene.wait(1h);
  CHECK_FALSE(scene.is_dropped());  // it is us whom he waits for

  scene.release_handler();
  const SteadyTime turn = scene.now();
  CHECK(scene.was_answered("HTTP/1.1 200 "));
  CHECK(scene.dropped_after(turn) == 5s);
}

TEST_CASE("api connection: a command whose body comes letter by letter has ten seconds, and is no command") {
  Scene scene;
  const SteadyTime begin = scene.now();
  scene.send(head_of_post("/order", "application/json", 1'000));

  for (int i = 0; i < 20 && !scene.is_dropped(); ++i) {
    scene.wait(900ms);
    scene.send("1");
  }

  CHECK(scene.dropped_after(begin) == 10s);
  CHECK(scene.line->answered.empty());
  CHECK(scene.orders == 0);
}

TEST_CASE("api connection: an upload at the least speed may take as long as it needs") {
  Scene scene;
  scene.send(head_of_post("/upload", "text/csv", 100'000));
  for (int i = 0; i < 100; ++i) {
    scene.wait(1s);
    scene.send(std::string(1'000, 'x'));
  }
  CHECK(scene.was_answered("HTTP/1.1 200 "));
  CHECK(scene.orders == 1);
}

TEST_CASE(
    "api connection: an upload at half the least speed has twice the time of a body, and leaves nothing") {
  Scene scene;
  const SteadyTime begin = scene.now();
  scene.send(head_of_post("/upload", "text/csv", 100'000));
  CHECK(scene.files() == 1);

  for (int i = 0; i < 100 && !scene.is_dropped(); ++i) {
    scene.wait(1s);
    scene.send(std::string(500, 'x'));
  }

  // After t seconds he has time until 10 + t / 2: with what came at 19 until 19.5, and the next comes at 20.
  CHECK(scene.dropped_after(begin) == 19s + 500ms);
  CHECK(scene.line->answered.empty());
  CHECK(scene.orders == 0);
  CHECK(scene.files() == 0);
}

TEST_CASE(
    "api connection: an upload that was dropped while the disk was slow is no command, though all came") {
  Scene scene;
  scene.is_disk_stuck = true;
  const SteadyTime begin = scene.now();
  scene.send(head_of_post("/upload", "text/csv", 1'000) + std::string(1'000, 'x'));
  CHECK(scene.dropped_after(begin) == 10s);

  scene.is_disk_stuck = false;
  scene.wait(0s);
  CHECK(scene.orders == 0);
  CHECK(scene.files() == 0);
}

TEST_CASE(
    "api connection: whoever does not take his answer has twenty seconds, and one for each 1000 bytes") {
  Scene scene;
  scene.send(get("/late"));
  scene.take(false);
  scene.release_handler();
  const SteadyTime offered_at = scene.now();
  REQUIRE(scene.line->offered.size() > 100'000);

  CHECK(scene.dropped_after(offered_at) == 20s + std::chrono::milliseconds{scene.line->offered.size()});
  CHECK(scene.line->answered.empty());
}

TEST_CASE("api connection: a stream may be silent for hours, and each piece of it has to be taken in time") {
  Scene scene;
  scene.send(get("/stream"));
  scene.wait(24h);
  CHECK_FALSE(scene.is_dropped());

  scene.take(false);
  scene.tap->yield("news");
  scene.wait(19s);
  scene.take(true);
  CHECK(scene.was_answered("4\r\nnews\r\n"));
  scene.take(false);
  scene.tap->yield("more");
  scene.wait(0s);
  const SteadyTime offered_at = scene.now();
  CHECK(scene.line->offered == "4\r\nmore\r\n");
  CHECK(scene.dropped_after(offered_at) == 20s + 9ms);
  CHECK(scene.tap->is_stopped);
}

TEST_CASE("api connection: whoever is refused is heard out for two seconds, so that he gets to read why") {
  Scene scene;
  scene.send("GARBAGE\r\n\r\n");
  const SteadyTime refused_at = scene.now();
  CHECK(scene.was_answered("HTTP/1.1 400 "));
  CHECK_FALSE(scene.is_dropped());

  scene.wait(1s);
  scene.send("and more of it");
  CHECK(scene.dropped_after(refused_at) == 2s);
}

TEST_CASE("api connection: when the server ends, an answer that is being made is given, in two seconds") {
  Scene scene;
  scene.send(get("/late"));
  scene.leave();
  scene.wait(1h);
  CHECK_FALSE(scene.is_dropped());

  scene.take(false);
  scene.release_handler();
  const SteadyTime offered_at = scene.now();
  CHECK(scene.dropped_after(offered_at) == 2s);
}

TEST_CASE("api connection: when the server ends, so does a stream, in two seconds if nobody takes it") {
  Scene taken;
  taken.send(get("/stream"));
  taken.leave();
  CHECK(taken.was_answered("\r\n\r\n0\r\n\r\n"));
  CHECK(taken.is_dropped());

  Scene stuck;
  stuck.send(get("/stream"));
  stuck.take(false);
  stuck.tap->yield("news");
  stuck.wait(1s);
  const SteadyTime left_at = stuck.now();
  stuck.leave();
  CHECK(stuck.dropped_after(left_at) == 2s);
}

TEST_CASE("api connection: a stream that breaks takes its connection along, and nothing else") {
  Scene scene;
  scene.send(get("/stream"));
  scene.tap->break_it();
  scene.wait(0s);
  CHECK(scene.is_dropped());
  CHECK(scene.connection.expired());
}

}  // namespace sluice::tests
