// SPDX-License-Identifier: MIT
// The server over TCP and TLS, among strangers: who is let in, under which name, how fast, and how many.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "http_api/api_server.hpp"
#include "http_api/api_tls.hpp"
#include "http_api/upload.hpp"
#include "support/temporary_folder.hpp"
#include "support/test_certificates.hpp"

namespace sluice::tests {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

bool says(const std::string& text, std::string_view what) { return text.find(what) != text.npos; }

/// Speaks bytes to a port of this machine.
class TcpClient {
 public:
  explicit TcpClient(std::uint16_t port) : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    const timeval limit{.tv_sec = 60, .tv_usec = 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    sockaddr_in address{.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {}, .sin_zero = {}};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }

  void send(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t sent = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  std::string some() const {
    std::array<char, 4096> bytes;
    const ssize_t count = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
    return {bytes.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
  }
  std::string rest() const {
    std::string text;
    for (std::string piece = some(); !piece.empty(); piece = some()) text += piece;
    return text;
  }
  int descriptor() const { return socket_.get(); }

 private:
  OwnedDescriptor socket_;
};

/// Has nothing to say, and goes on until it is stopped.
class SilentStream final : public ApiStream {
 public:
  explicit SilentStream(asio::io_context& loop) : end_(loop, asio::steady_timer::time_point::max()) {}

  asio::awaitable<Result<std::optional<std::string>>> next() override {
    co_await end_.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return std::optional<std::string>{};
  }
  void stop() override { end_.expires_at(asio::steady_timer::time_point::min()); }

 private:
  asio::steady_timer end_;
};

const std::string read_token = "token-of-the-reader";
const std::string operate_token = "token-of-the-operator";
const std::string admin_token = "token-of-the-administrator";

ApiAccess some_access(ApiScope anonymous = ApiScope::none) {
  return {.tokens = ApiTokens{{{"reader", ApiScope::read, digest_of(read_token), {}},
                               {"operator", ApiScope::operate, digest_of(operate_token), {}},
                               {"administrator", ApiScope::admin, digest_of(admin_token), {}}}},
          .anonymous = anonymous};
}

/// The server at a free port, with a route for each scope.
class Scene {
  // Both outlive the server.
  asio::io_context loop_{1};
  std::unique_ptr<Clock> clock_ = open_system_clock(loop_.get_executor());

 public:
  explicit Scene(ApiAccess access = some_access(), ApiLimits limits = {}, bool is_tls = false) {
    server = std::make_unique<ApiServer>(loop_.get_executor(), *clock_, Router{routes()},
                                         ApiSurroundings{.name_of = [](uid_t) { return std::string{}; },
                                                         .tell = [this](const ApiIncident&) { ++incidents; },
                                                         .uploads_folder = folder / "uploads"},
                                         limits);
    server->replace_access(std::move(access));
    const Result<std::uint16_t> listening =
        server->listen(ApiTcpAddress{.address = "127.0.0.1", .is_tls = is_tls});
    REQUIRE_MESSAGE(listening.has_value(), listening.error().message);
    port = *listening;
    thread_ = std::thread{[this] { loop_.run(); }};
  }
  ~Scene() {
    asio::post(loop_, [this] { server->close(); });
    thread_.join();
  }

  /// What is answered to a request that is whole.
  std::string answer(const std::string& text) const {
    const TcpClient client{port};
    client.send(text);
    return client.rest();
  }
  std::string request(const std::string& method, const std::string& target, const std::string& token,
                      std::string more = {}) const {
    if (!token.empty()) more += "Authorization: Bearer " + token + "\r\n";
    return method + " " + target + " HTTP/1.1\r\nHost: localhost:" + std::to_string(port) +
           "\r\nConnection: close\r\nContent-Type: application/json\r\n" + more + "\r\n";
  }
  int status(const std::string& method, const std::string& target, const std::string& token,
             const std::string& more = {}) const {
    const std::string text = answer(request(method, target, token, more));
    return text.size() > 12 ? std::stoi(text.substr(9, 3)) : 0;
  }

  TemporaryFolder folder;
  std::uint16_t port = 0;
  std::atomic<int> incidents = 0;
  std::atomic<int> handled = 0;
  std::unique_ptr<ApiServer> server;

  asio::io_context& loop() { return loop_; }

 private:
  Route route(std::string method, std::string pattern, ApiScope scope, ApiBody body = ApiBody::none) {
    return {.method = method,
            .pattern = pattern,
            .scope = scope,
            .operation = method + pattern,
            .handler = [this](ApiRequest asked) -> asio::awaitable<ApiAnswer> {
              ++handled;
              if (asked.target == "/throws") throw std::runtime_error{"/secret/path is broken"};
              if (asked.target == "/stream") co_return long_stream();
              if (asked.target == "/export") co_return export_of_megabytes(100);
              if (asked.target == "/follow") {
                co_return ApiAnswer{.content_type = "text/event-stream",
                                    .stream = std::make_shared<SilentStream>(loop_)};
              }
              std::string text = asked.client.name + " ";
              if (asked.upload) text += std::to_string(asked.upload->bytes());
              co_return ApiAnswer{.body = text + asked.body};
            },
            .body = body};
  }
  std::vector<Route> routes() {
    return {route("GET", "/healthz", ApiScope::none),
            route("GET", "/read", ApiScope::read),
            route("GET", "/throws", ApiScope::none),
            route("GET", "/stream", ApiScope::none),
            route("GET", "/follow", ApiScope::none),
            route("GET", "/export", ApiScope::read),
            route("POST", "/operate", ApiScope::operate, ApiBody::json),
            route("POST", "/admin", ApiScope::admin, ApiBody::json),
            route("POST", "/upload", ApiScope::none, ApiBody::upload)};
  }
  /// More than lies between the two ends of a connection.
  static ApiAnswer export_of_megabytes(int megabytes) {
    auto left = std::make_shared<int>(megabytes * 100);
    return {.content_type = "application/x-ndjson",
            .stream = stream_of([left]() -> asio::awaitable<Result<std::optional<std::string>>> {
              if ((*left)-- == 0) co_return std::optional<std::string>{};
              co_return std::optional{std::string(9'999, 'x') + "\n"};
            })};
  }
  static ApiAnswer long_stream() {
    auto left = std::make_shared<int>(3);
    return {.content_type = "application/x-ndjson",
            .stream = stream_of([left]() -> asio::awaitable<Result<std::optional<std::string>>> {
              if (*left == 0) co_return std::optional<std::string>{};
              co_return std::optional{"{\"left\":" + std::to_string((*left)--) + "}\n"};
            })};
  }

  std::thread thread_;
};

}  // namespace

TEST_CASE("api tcp: each token opens what its scope says, and a wrong one nothing at all") {
  const Scene scene;
  struct Row {
    std::string token;
    std::array<int, 4> statuses;  ///< of none, read, operate, admin
  };
  const std::vector<Row> rows{{"", {200, 401, 401, 401}},
                              {"wrong", {401, 401, 401, 401}},
                              {read_token, {200, 200, 403, 403}},
                              {operate_token, {200, 200, 200, 403}},
                              {admin_token, {200, 200, 200, 200}}};
  for (const Row& row : rows) {
    CAPTURE(row.token);
    CHECK(scene.status("GET", "/healthz", row.token) == row.statuses[0]);
    CHECK(scene.status("GET", "/read", row.token) == row.statuses[1]);
    CHECK(scene.status("POST", "/operate", row.token) == row.statuses[2]);
    CHECK(scene.status("POST", "/admin", row.token) == row.statuses[3]);
  }
  CHECK(scene.handled == 1 + 2 + 3 + 4);
}

TEST_CASE("api tcp: without a token one is who the configuration says, and never more") {
  const Scene scene{some_access(ApiScope::read)};
  CHECK(scene.status("GET", "/read", "") == 200);
  CHECK(scene.status("POST", "/operate", "") == 401);
  CHECK(scene.status("GET", "/read", "wrong") == 401);
}

TEST_CASE("api tcp: whoever guesses is slowed down, and cannot lock out whoever knows") {
  const Scene scene;
  int refused = 0;
  for (int i = 0; i < 50; ++i) refused += scene.status("GET", "/healthz", "guess") == 429 ? 1 : 0;
  CHECK(refused > 0);
  CHECK(scene.status("GET", "/read", read_token) == 200);
  CHECK(scene.incidents > 0);
  CHECK(scene.incidents + refused == 50);
}

TEST_CASE("api tcp: a token that is revoked is worth nothing from the next request on") {
  Scene scene;
  CHECK(scene.status("GET", "/read", read_token) == 200);
  asio::post(scene.loop(), [&] { scene.server->replace_access({}); });
  CHECK(scene.status("GET", "/read", read_token) == 401);
}

TEST_CASE("api tcp: what is streamed to a token that is revoked is cut off, and does not look whole") {
  Scene scene;
  const TcpClient revoked{scene.port};
  const TcpClient trusted{scene.port};
  revoked.send(scene.request("GET", "/export", read_token));
  trusted.send(scene.request("GET", "/export", operate_token));
  CHECK(says(revoked.some(), "200 OK"));
  CHECK(says(trusted.some(), "200 OK"));

  ApiAccess fewer{.tokens = ApiTokens{{{"operator", ApiScope::operate, digest_of(operate_token), {}}}}};
  asio::post(scene.loop(), [&] { scene.server->replace_access(std::move(fewer)); });

  CHECK_FALSE(revoked.rest().ends_with("0\r\n\r\n"));
  CHECK(trusted.rest().ends_with("0\r\n\r\n"));
}

TEST_CASE("api tcp: under a name of somebody else's nothing is answered, not even how it goes") {
  const Scene scene{some_access(ApiScope::read)};
  for (const char* host : {"evil.example.com", "localhost", "localhost:1"}) {
    CAPTURE(host);
    const std::string answer =
        scene.answer(std::string{"GET /healthz HTTP/1.1\r\nConnection: close\r\nHost: "} + host + "\r\n\r\n");
    CHECK(answer.starts_with("HTTP/1.1 421 "));
    CHECK(says(answer, "application/problem+json"));
    CHECK(says(answer, "\r\nX-Content-Type-Options: nosniff\r\n"));
  }
  CHECK(scene.handled == 0);
}

TEST_CASE("api tcp: what a page could make a browser send changes nothing") {
  const Scene scene{some_access(ApiScope::read)};
  CHECK(scene.status("POST", "/operate", operate_token, "Sec-Fetch-Site: cross-site\r\n") == 403);
  CHECK(scene.status("POST", "/operate", operate_token, "Origin: http://evil.example.com\r\n") == 403);
  for (const char* method : {"OPTIONS", "TRACE"})
    CHECK(scene.status(method, "/operate", operate_token) == 405);
  const std::string form =
      scene.answer("POST /operate HTTP/1.1\r\nHost: localhost:" + std::to_string(scene.port) +
                   "\r\nConnection: close\r\nAuthorization: Bearer " + operate_token +
                   "\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n");
  CHECK(form.starts_with("HTTP/1.1 415 "));
  CHECK(scene.handled == 0);
}

TEST_CASE("api tcp: a body behind a refusal is never taken for the next request") {
  const Scene scene;
  const std::string smuggled = scene.request("GET", "/read", admin_token);
  const TcpClient client{scene.port};
  client.send("POST /operate HTTP/1.1\r\nHost: localhost:" + std::to_string(scene.port) +
              "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(smuggled.size()) +
              "\r\n\r\n" + smuggled);
  const std::string answers = client.rest();
  CHECK(answers.starts_with("HTTP/1.1 401 "));
  CHECK_FALSE(says(answers, "HTTP/1.1 200"));
  CHECK(scene.handled == 0);
}

TEST_CASE("api tcp: HEAD is GET without the body, and a stream is sent in chunks up to its end") {
  const Scene scene;
  CHECK(scene.answer(scene.request("HEAD", "/stream", "")).ends_with("\r\n\r\n"));
  CHECK(scene.answer(scene.request("GET", "/stream", ""))
            .ends_with(
                "\r\n\r\nb\r\n{\"left\":3}\n\r\nb\r\n{\"left\":2}\n\r\nb\r\n{\"left\":1}\n\r\n0\r\n\r\n"));
}

TEST_CASE("api tcp: a stranger is told that something broke, and under which name the log has it") {
  const Scene scene;
  const std::string answer = scene.answer(scene.request("GET", "/throws", ""));
  CHECK(answer.starts_with("HTTP/1.1 500 "));
  CHECK(says(answer, "urn:sluice:answer:"));
  CHECK_FALSE(says(answer, "/secret/path"));
  CHECK(scene.incidents == 1);
}

TEST_CASE(
    "api tcp: an upload goes to a file of ours, of a bounded size, and stays only if somebody keeps it") {
  const Scene scene{some_access(), {.upload_bytes_max = 300'000}};
  const auto upload = [&](std::size_t bytes) {
    return scene.answer("POST /upload HTTP/1.1\r\nHost: localhost:" + std::to_string(scene.port) +
                        "\r\nConnection: close\r\nContent-Type: text/csv\r\nContent-Length: " +
                        std::to_string(bytes) + "\r\n\r\n" + std::string(bytes, 'x'));
  };
  // Gone before the client reads the answer, whichever thread was the last to touch the file.
  for (int i = 0; i < 30; ++i) {
    CHECK(upload(300'000).ends_with("\r\n\r\nanonymous 300000"));
    REQUIRE(std::filesystem::is_empty(scene.folder / "uploads"));
  }
  CHECK(upload(300'001).starts_with("HTTP/1.1 413 "));
  CHECK(std::filesystem::is_empty(scene.folder / "uploads"));
}

TEST_CASE("api tcp: a thousand slow connections leave room for one that asks") {
  // For the length of this test none is dropped for being slow.
  const Scene scene{some_access(), {.header_time = 1h, .idle_time = 1h}};
  std::vector<std::unique_ptr<TcpClient>> slow;
  for (int i = 0; i < 1000; ++i) {
    if (slow.size() > 400) slow.erase(slow.begin());  // the descriptors are this test's own limit
    slow.push_back(std::make_unique<TcpClient>(scene.port));
    slow.back()->send("GET /healthz HTTP/1.1\r\nX-");
    if (i % 20 == 0) CHECK(scene.status("GET", "/healthz", "") == 200);
  }
}

TEST_CASE("api tcp: as it is shipped, a header has 5 s, silence 60 s, and a body 1 KiB/s at least") {
  const ApiLimits shipped;
  CHECK(shipped.header_time == 5s);
  CHECK(shipped.idle_time == 60s);
  CHECK(shipped.bytes_per_second_min == 1024);
  CHECK(shipped.body_time == 10s);
  CHECK(shipped.write_time == 10s);
  CHECK(shipped.farewell_time == 2s);
}

TEST_CASE("api tcp: one client follows events so many times and no more") {
  const Scene scene{some_access(), {.event_streams_per_client_max = 2}};
  std::vector<std::unique_ptr<TcpClient>> following;
  for (int i = 0; i < 2; ++i) {
    following.push_back(std::make_unique<TcpClient>(scene.port));
    following.back()->send(scene.request("GET", "/follow", ""));
    CHECK(says(following.back()->some(), "text/event-stream"));
  }
  CHECK(scene.status("GET", "/follow", "") == 429);
}

TEST_CASE("api tcp: what can be reached from elsewhere is not served without TLS") {
  asio::io_context loop;
  const std::unique_ptr<Clock> clock = open_system_clock(loop.get_executor());
  ApiServer server{loop.get_executor(), *clock, Router{{}}, {}};
  for (const char* address : {"0.0.0.0", "::", "192.0.2.1"}) {
    CAPTURE(address);
    CHECK(server.listen(ApiTcpAddress{.address = address}).error().kind == ErrorKind::invalid_input);
  }
  CHECK(server.listen(ApiTcpAddress{.address = "localhost"}).error().kind == ErrorKind::invalid_input);
  server.close();
}

namespace {

/// What is answered over TLS of at most this version; empty: there was no handshake.
std::string answer_over_tls(const Scene& scene, const std::string& text, int version_max) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context{SSL_CTX_new(TLS_client_method()),
                                                                  SSL_CTX_free};
  SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context.get(), version_max);
  SSL_CTX_set_cipher_list(context.get(), "ALL:@SECLEVEL=0");
  const TcpClient client{scene.port};
  const std::unique_ptr<SSL, decltype(&SSL_free)> tls{SSL_new(context.get()), SSL_free};
  SSL_set_fd(tls.get(), client.descriptor());
  if (SSL_connect(tls.get()) != 1) return {};
  SSL_write(tls.get(), text.data(), static_cast<int>(text.size()));
  std::string answer;
  std::array<char, 4096> bytes;
  for (int count = 0; (count = SSL_read(tls.get(), bytes.data(), bytes.size())) > 0;) {
    answer.append(bytes.data(), static_cast<std::size_t>(count));
  }
  return answer;
}

}  // namespace

TEST_CASE("api tcp: TLS from 1.2 on, with the header that keeps browsers there; plain text gets nothing") {
  const TestAuthority authority;
  const Certificate certificate = authority.issue({});
  const auto context = server_tls_context(certificate.certificate_pem, Secret{certificate.key_pem});
  REQUIRE(context.has_value());
  ApiAccess access = some_access();
  access.tls = *context;
  const Scene scene{std::move(access), {}, /*is_tls=*/true};
  const std::string request = scene.request("GET", "/read", read_token);

  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const std::string answer = answer_over_tls(scene, request, version);
    CHECK(answer.starts_with("HTTP/1.1 200 "));
    CHECK(says(answer, "Strict-Transport-Security"));
  }
  CHECK(answer_over_tls(scene, request, TLS1_1_VERSION).empty());
  CHECK_FALSE(says(scene.answer(request), "HTTP/1.1"));
}

TEST_CASE("api tcp: a certificate and the key of another are told apart before anybody is served") {
  const Certificate one = self_signed({});
  const Certificate other = self_signed({});
  CHECK(server_tls_context(one.certificate_pem, Secret{other.key_pem}).error().kind ==
        ErrorKind::invalid_input);
  CHECK(server_tls_context("none", Secret{one.key_pem}).has_error());
  CHECK(server_tls_context(one.certificate_pem, Secret{"none"}).has_error());
}

}  // namespace sluice::tests
