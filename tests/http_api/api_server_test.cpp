// SPDX-License-Identifier: MIT
// The server among clients that mean it well, and clients that do not: each gets its answer or is dropped,
// and none holds up another.
#include "http_api/api_server.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "http_api/control_socket.hpp"
#include "support/temporary_folder.hpp"

namespace sluice::tests {
namespace {

using namespace std::chrono_literals;

/// A client that speaks bytes.
class Client {
 public:
  explicit Client(const std::string& path) {
    auto connected = connect_to_control_socket(path);
    REQUIRE(connected.has_value());
    socket_ = std::move(*connected);
  }

  /// @return false: nobody takes it
  bool send(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t sent = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void end() const { ::shutdown(socket_.get(), SHUT_WR); }

  /// The first answer of those that keep the connection.
  std::string answer() const {
    std::string text;
    std::array<char, 4096> bytes;
    while (!text.ends_with("\n") || text.ends_with("\r\n")) {
      const ssize_t count = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
      if (count <= 0) break;
      text.append(bytes.data(), static_cast<std::size_t>(count));
    }
    return text;
  }

  /// All that comes until the server ends the connection.
  std::string rest() const {
    std::string text;
    std::array<char, 4096> bytes;
    ssize_t count = 0;
    while ((count = ::recv(socket_.get(), bytes.data(), bytes.size(), 0)) > 0)
      text.append(bytes.data(), static_cast<std::size_t>(count));
    return text;
  }

 private:
  OwnedDescriptor socket_;
};

std::string request(std::string_view body = "{}", std::string_view more = "Connection: close\r\n") {
  return "POST /api/v1/stop HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + std::string{more} +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string{body};
}

bool says(const std::string& text, std::string_view what) { return text.find(what) != text.npos; }

/// The server on a loop of its own, answering with what it was asked.
class Scene {
 public:
  explicit Scene(ApiLimits limits = {}) {
    Result<ControlSocket> socket = ControlSocket::listen(path);
    REQUIRE(socket.has_value());
    Router router{{{.method = "POST",
                    .pattern = "/api/v1/stop",
                    .scope = ApiScope::operate,
                    .operation = "stop",
                    .handler = [this](ApiRequest asked) { return answer(std::move(asked)); },
                    .body = ApiBody::json}}};
    server_.emplace(loop_.get_executor(), *clock_, std::move(router),
                    ApiSurroundings{.name_of = [](uid_t user) { return std::to_string(user); }}, limits);
    server_->listen(*std::move(socket));
    thread_ = std::thread{[this] { loop_.run(); }};
  }
  ~Scene() { stop(); }

  /// Returns when every coroutine of the server has ended.
  void stop() {
    if (!thread_.joinable()) return;
    boost::asio::post(loop_, [this] { server_->close(); });
    thread_.join();
  }

  TemporaryFolder folder;
  std::string path = folder / "s.db.sock";
  std::atomic<int> answered = 0;

 private:
  boost::asio::awaitable<ApiAnswer> answer(ApiRequest asked) {
    ++answered;
    co_return ApiAnswer{.body = asked.method + " " + asked.target + " " + asked.body + " by " +
                                asked.client.name + "\n"};
  }

  boost::asio::io_context loop_{1};
  std::unique_ptr<Clock> clock_ = open_system_clock(loop_.get_executor());
  std::optional<ApiServer> server_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("api server: a request is answered, with who has asked") {
  Scene scene;
  const Client client{scene.path};

  CHECK(client.send(request("{\"reason\":\"x\"}")));
  const std::string answer = client.rest();

  CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(says(answer, "Content-Type: application/json\r\n"));
  CHECK(answer.ends_with("POST /api/v1/stop {\"reason\":\"x\"} by " + std::to_string(::geteuid()) + "\n"));
}

TEST_CASE("api server: one connection carries one request after the other, in whatever pieces they come") {
  Scene scene;
  const Client client{scene.path};
  const std::string two = request("{}", "") + request("{ }");

  for (const char byte : two) REQUIRE(client.send(std::string_view{&byte, 1}));
  const std::string answers = client.rest();

  CHECK(says(answers, "/stop {} by"));
  CHECK(says(answers, "/stop { } by"));
  CHECK(scene.answered == 2);
}

TEST_CASE("api server: what is no request, or too large, is refused and asks nothing of the API") {
  Scene scene;
  const std::vector<std::pair<std::string, std::string>> hostile{
      {"\x16\x03\x01\x02", "HTTP/1.1 400"},
      {"GARBAGE\r\n\r\n", "HTTP/1.1 400"},
      {std::string("POST /\0 HTTP/1.1\r\n\r\n", 21), "HTTP/1.1 400"},
      {"POST / HTTP/1.1\r\nX: " + std::string(9000, 'x') + "\r\n\r\n", "HTTP/1.1 431"},
      {"POST /api/v1/stop HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
       "1048577\r\n\r\n",
       "HTTP/1.1 413"},
      {"POST /api/v1/stop HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}",
       "HTTP/1.1 415"},
      {"POST /api/v1/stop HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n",
       "HTTP/1.1 411"}};
  for (const auto& [text, expected] : hostile) {
    CAPTURE(text.substr(0, 60));
    const Client client{scene.path};
    client.send(text);
    const std::string answer = client.rest();
    CHECK_MESSAGE(answer.starts_with(expected), answer);
  }
  CHECK(scene.answered == 0);
}

TEST_CASE("api server: ten megabytes are not taken in, and the next client is served") {
  Scene scene;
  const Client greedy{scene.path};
  const std::string body(10'000'000, 'x');

  CHECK_FALSE(greedy.send(request(body)));
  CHECK(says(greedy.rest(), "HTTP/1.1 413"));

  const Client client{scene.path};
  CHECK(client.send(request()));
  CHECK(says(client.rest(), "200 OK"));
}

TEST_CASE("api server: half a request is no command, however the other half stays away") {
  Scene scene{{.header_time = 30ms, .body_time = 30ms}};
  const std::string half = request("{\"reason\":\"x\"}").substr(0, 70);
  {
    const Client gone{scene.path};
    CHECK(gone.send(half));
    gone.end();
    CHECK(gone.rest().empty());
  }
  const Client silent{scene.path};
  CHECK(silent.send(half));
  CHECK(silent.rest().empty());
  CHECK(scene.answered == 0);
}

TEST_CASE("api server: silent clients, however many, are dropped for one that speaks") {
  Scene scene{{.idle_time = 60s, .connections_max = 4}};
  std::vector<Client> silent;
  for (int i = 0; i < 40; ++i) silent.emplace_back(scene.path);

  const Client client{scene.path};
  CHECK(client.send(request()));
  CHECK(says(client.rest(), "200 OK"));

  CHECK(silent.front().rest().empty());
}

TEST_CASE(
    "api server: who waits longest between requests makes room, not who is about to ask for the first time") {
  Scene scene{{.idle_time = 60s, .connections_max = 4}};
  const std::string kept = request("{}", "");
  const Client about_to_ask{scene.path};
  const Client asking{scene.path};
  const Client busy{scene.path};
  const Client idle{scene.path};
  for (const Client* client : {&asking, &busy, &idle, &busy}) {
    REQUIRE(client->send(kept));
    REQUIRE(says(client->answer(), "200 OK"));
  }
  CHECK(asking.send(kept.substr(0, kept.size() - 2)));

  const Client one_more{scene.path};
  CHECK(one_more.send(request()));
  CHECK(says(one_more.rest(), "200 OK"));

  CHECK(idle.rest().empty());
  CHECK(about_to_ask.send(request()));
  CHECK(says(about_to_ask.rest(), "200 OK"));
  CHECK(asking.send("{}"));
  CHECK(says(asking.answer(), "200 OK"));
  CHECK(busy.send(request()));
  CHECK(says(busy.rest(), "200 OK"));
}

TEST_CASE("api server: closing it drops who is silent and removes the file") {
  Scene scene{{.idle_time = 60s}};
  const Client silent{scene.path};
  {
    const Client client{scene.path};
    CHECK(client.send(request()));
    CHECK(says(client.rest(), "200 OK"));
  }

  scene.stop();

  CHECK(silent.rest().empty());
  CHECK_FALSE(connect_to_control_socket(scene.path).has_value());
}

TEST_CASE("api server: another user is refused unheard, even where the file lets him in") {
  if (::geteuid() != 0) return;  // nobody but root can become somebody else
  Scene scene;
  REQUIRE(::chmod(scene.path.c_str(), 0666) == 0);
  REQUIRE(::chmod(scene.folder.path().c_str(), 0755) == 0);
  std::array<int, 2> pipe{};
  REQUIRE(::pipe(pipe.data()) == 0);

  const pid_t child = ::fork();
  if (child == 0) {
    constexpr uid_t nobody = 65534;
    std::array<char, 4096> answer{};
    ssize_t count = -1;
    if (::setuid(nobody) == 0) {
      const auto socket = connect_to_control_socket(scene.path);
      if (socket) count = ::recv(socket->get(), answer.data(), answer.size(), 0);
    }
    if (count > 0) (void)!::write(pipe[1], answer.data(), static_cast<std::size_t>(count));
    ::_exit(0);
  }
  ::close(pipe[1]);
  std::array<char, 4096> bytes{};
  const ssize_t count = ::read(pipe[0], bytes.data(), bytes.size());
  ::close(pipe[0]);
  ::waitpid(child, nullptr, 0);

  REQUIRE(count > 0);
  CHECK(std::string_view(bytes.data(), static_cast<std::size_t>(count)).starts_with("HTTP/1.1 403"));
  CHECK(scene.answered == 0);
}

}  // namespace sluice::tests
