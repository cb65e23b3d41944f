// SPDX-License-Identifier: MIT
// The transport against a server that misbehaves, over plain TCP on loopback. What each failure says about
// "may the request have arrived" is what the chunk rules build on.
#include "transport/https/https_transport.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include "support/bad_server.hpp"
#include "support/test_certificates.hpp"
#include "support/transport_client.hpp"

namespace sluice::tests {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// Answers each request of each connection alike.
BadServer::Script always(std::string answer) {
  return [answer = std::move(answer)](BadServer& server, Peer& peer) {
    while (!server.take_request(peer).empty()) {
      if (!peer.send(answer)) return;
    }
  };
}

/// Answers one request of each connection, then ends it.
BadServer::Script once(std::string answer) {
  return [answer = std::move(answer)](BadServer& server, Peer& peer) {
    if (!server.take_request(peer).empty()) peer.send(answer);
  };
}

/// Takes the request, sends a beginning and falls silent.
BadServer::Script stall_after(std::string beginning) {
  return [beginning = std::move(beginning)](BadServer& server, Peer& peer) {
    server.take_request(peer);
    peer.send(beginning);
    peer.wait_for_close();
  };
}

std::string at(const BadServer& server) { return "http://127.0.0.1:" + server.port(); }

HttpsOptions with_exchange_timeout(std::chrono::milliseconds timeout) {
  HttpsOptions options = patient_options();
  options.exchange_timeout = timeout;
  return options;
}

/// The client's ends of this process's connections to that port.
std::vector<int> sockets_to(const std::string& port) {
  std::vector<int> sockets;
  for (int descriptor = 0; descriptor < 1024; ++descriptor) {
    sockaddr_in peer{};
    socklen_t length = sizeof peer;
    if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &length) != 0) continue;
    if (peer.sin_family == AF_INET && std::to_string(ntohs(peer.sin_port)) == port)
      sockets.push_back(descriptor);
  }
  return sockets;
}

/// Waits until what the server said or did has come to all the client's ends. It is on its way once the
/// server has said it, and on a machine with much else to do not yet there.
void wait_until_it_comes(const BadServer& server) {
  for (const int socket : sockets_to(server.port())) {
    pollfd heard{.fd = socket, .events = POLLIN, .revents = 0};
    REQUIRE(::poll(&heard, 1, 60'000) == 1);
  }
}

TEST_CASE("transport: a request goes out as it is and its answer comes back whole") {
  BadServer server(
      always("HTTP/1.1 429 Too Many Requests\r\nretry-after: 3\r\nContent-Length: 5\r\n\r\nbusy!"));
  TransportClient client(at(server));

  const HttpResponse answer = answer_of(client.send(post("Action=Invoke")));

  CHECK(answer.status == 429);
  CHECK(answer.body == "busy!");
  CHECK(answer.headers.front() == std::pair<std::string, std::string>("retry-after", "3"));
  REQUIRE(server.requests().size() == 1);
  CHECK(server.requests().front() ==
        "POST / HTTP/1.1\r\nHost: 127.0.0.1:" + server.port() +
            "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "
            "13\r\nConnection: keep-alive\r\n\r\nAction=Invoke");
  CHECK(client.gates_opened == 1);
}

TEST_CASE("transport: requests one after the other share a connection, a fresh one does not") {
  BadServer server(always(answer_with("ok")));
  TransportClient client(at(server));

  for (int i = 0; i < 3; ++i) answer_of(client.send(post()));
  CHECK(server.connections() == 1);

  answer_of(client.send(post(), ConnectionChoice::fresh));
  CHECK(server.connections() == 2);
}

TEST_CASE("transport: a connection that is not to be kept is not used again") {
  const std::vector<std::string> answers{
      answer_with("ok", "Connection: close\r\n"),
      "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
      answer_with("ok") + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate",
      answer_with("ok") + "\n",
  };
  for (const std::string& text : answers) {
    CAPTURE(text);
    BadServer server(always(text));
    TransportClient client(at(server));

    for (int i = 0; i < 2; ++i) CHECK(answer_of(client.send(post())).body == "ok");

    CHECK(server.connections() == 2);
    CHECK(client.gates_opened == 2);
  }
}

TEST_CASE("transport: an idle connection too old, or opened too long ago, is not used again") {
  for (const bool idle : {true, false}) {
    CAPTURE(idle);
    BadServer server(always(answer_with("ok")));
    HttpsOptions options = patient_options();
    (idle ? options.idle_timeout : options.connection_age_max) = std::chrono::milliseconds{-1};
    TransportClient client(at(server), options);

    for (int i = 0; i < 2; ++i) answer_of(client.send(post()));

    CHECK(server.connections() == 2);
  }
}

TEST_CASE("transport: an idle connection that the server closed costs no failure") {
  std::array<Event, 3> closed;
  BadServer server([&](BadServer& self, Peer& peer) {
    self.take_request(peer);
    peer.send(answer_with("ok"));
    peer.end();
    closed.at(peer.number()).set();
  });
  TransportClient client(at(server));

  for (Event& event : closed) {
    CHECK(answer_of(client.send(post())).body == "ok");
    REQUIRE(event.wait());
    wait_until_it_comes(server);
  }

  CHECK(client.gates_opened == 3);
  CHECK(server.requests().size() == 3);
}

TEST_CASE(
    "transport: a connection that dies while the gate is awaited is replaced, and the gate awaited again") {
  Event gate_reached;
  Event closed;
  BadServer server([&](BadServer& self, Peer& peer) {
    if (peer.number() == 0) {
      gate_reached.wait();
      peer.reset();
      closed.set();
      return;
    }
    while (!self.take_request(peer).empty()) peer.send(answer_with("second"));
  });
  TransportClient client(at(server));
  int gates = 0;
  client.gate = [&]() -> asio::awaitable<bool> {
    if (++gates == 1) {
      gate_reached.set();
      REQUIRE(closed.wait());
      wait_until_it_comes(server);
    }
    co_return true;
  };

  const HttpResponse answer = answer_of(client.send(post()));

  CHECK(answer.body == "second");
  CHECK(gates == 2);
  CHECK(server.requests().size() == 1);
}

TEST_CASE("transport: a server that talks first is never sent a request") {
  Event spoke;
  BadServer server([&](BadServer& self, Peer& peer) {
    peer.send("220 mail.example ESMTP\r\n");
    spoke.set();
    self.take_request(peer);
  });
  TransportClient client(at(server));
  client.gate = [&]() -> asio::awaitable<bool> {
    REQUIRE(spoke.wait());
    wait_until_it_comes(server);
    co_return true;
  };

  const TransportFailure failure = failure_of(client.send(post()));

  CHECK(failure.kind == FailureKind::broken);
  CHECK_FALSE(failure.may_have_arrived);
  CHECK(server.requests().empty());
}

TEST_CASE("transport: a gate that stays shut means nothing was sent, and the connection stays good") {
  BadServer server(always(answer_with("ok")));
  TransportClient client(at(server));
  const WireGate open_gate = client.gate;
  client.gate = []() -> asio::awaitable<bool> { co_return false; };

  const TransportFailure failure = failure_of(client.send(post()));

  CHECK(failure.kind == FailureKind::stopped);
  CHECK_FALSE(failure.may_have_arrived);
  client.gate = open_gate;
  answer_of(client.send(post()));
  CHECK(server.connections() == 1);
  CHECK(server.requests().size() == 1);
}

TEST_CASE("transport: the deadline holds before the answer, inside it, and while it drips") {
  const std::vector<std::string> beginnings{"", "HTTP/1.1 200 OK\r\nConte",
                                            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n",
                                            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"};
  for (const std::string& beginning : beginnings) {
    CAPTURE(beginning);
    BadServer server(stall_after(beginning));
    TransportClient client(at(server), with_exchange_timeout(60ms));

    const TransportFailure failure = failure_of(client.send(post()));

    CHECK(failure.kind == FailureKind::timeout);
    CHECK(failure.may_have_arrived);
    CHECK(failure.message.find("127.0.0.1:" + server.port()) != std::string::npos);
  }

  BadServer server([](BadServer& self, Peer& peer) {
    self.take_request(peer);
    // As long as somebody listens, there is always one more byte soon.
    for (bool sent = peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"); sent;
         sent = peer.send("x")) {
      std::this_thread::sleep_for(5ms);
    }
  });
  TransportClient client(at(server), with_exchange_timeout(100ms));
  const TransportFailure failure = failure_of(client.send(post()));
  CHECK(failure.kind == FailureKind::timeout);
  CHECK(failure.may_have_arrived);
}

TEST_CASE("transport: an exchange that failed leaves no connection behind") {
  BadServer server([](BadServer& self, Peer& peer) {
    while (!self.take_request(peer).empty()) {
      if (peer.number() > 0) peer.send(answer_with("ok"));
    }
  });
  // Waited out by the first, and time enough for an answer to the second.
  TransportClient client(at(server), with_exchange_timeout(2s));

  CHECK(failure_of(client.send(post())).kind == FailureKind::timeout);

  CHECK(answer_of(client.send(post())).body == "ok");
  CHECK(server.connections() == 2);
}

TEST_CASE("transport: an answer that is cut, too large or no HTTP is no answer") {
  const std::vector<std::pair<std::string, FailureKind>> rows{
      {"", FailureKind::broken},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", FailureKind::broken},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal", FailureKind::broken},
      {"220 mail.example ESMTP\r\n", FailureKind::unreadable},
      {"HTTP/1.1 200 OK\r\nContent-Length: 262145\r\n\r\n", FailureKind::unreadable},
      {"HTTP/1.1 200 OK\r\n\r\n" + std::string(300'000, 'x'), FailureKind::unreadable},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(17'000, 'x') + "\r\n\r\n", FailureKind::unreadable},
  };
  for (const auto& [text, kind] : rows) {
    CAPTURE(text.substr(0, 80));
    BadServer server(once(text));
    TransportClient client(at(server));

    const TransportFailure failure = failure_of(client.send(post()));

    CHECK(failure.kind == kind);
    CHECK(failure.may_have_arrived);
    CHECK(server.requests().size() == 1);
  }
}

TEST_CASE("transport: an answer of 256 KiB is taken") {
  BadServer server(always(answer_with(std::string(256 * 1024, 'x'))));
  TransportClient client(at(server));

  CHECK(answer_of(client.send(post())).body.size() == 256 * 1024);
}

TEST_CASE("transport: a reset inside the exchange is broken, not an answer") {
  BadServer server([](BadServer& self, Peer& peer) {
    self.take_request(peer);
    peer.send("HTTP/1.1 200 OK\r\n\r\nuntil the ");
    peer.reset();
  });
  TransportClient client(at(server));

  const TransportFailure failure = failure_of(client.send(post()));

  CHECK(failure.kind == FailureKind::broken);
  CHECK(failure.may_have_arrived);
}

TEST_CASE("transport: a redirect is handed back, not followed") {
  for (int status = 301; status <= 308; ++status) {
    CAPTURE(status);
    BadServer target(always(answer_with("followed")));
    BadServer server(always("HTTP/1.1 " + std::to_string(status) + " Elsewhere\r\nLocation: " + at(target) +
                            "/\r\nContent-Length: 0\r\n\r\n"));
    TransportClient client(at(server));

    CHECK(answer_of(client.send(post())).status == status);
    CHECK(target.connections() == 0);
  }
}

TEST_CASE("transport: a refused connect names host and port and never reaches the gate") {
  const std::string port = unused_port();
  TransportClient client("http://127.0.0.1:" + port);

  const TransportFailure failure = failure_of(client.send(post()));

  CHECK(failure.kind == FailureKind::connect);
  CHECK_FALSE(failure.may_have_arrived);
  CHECK(failure.message == "connect to 127.0.0.1:" + port + " refused");
  CHECK(client.gates_opened == 0);
}

TEST_CASE("transport: a connect that gets no reply ends at its deadline") {
  const DeafListener listener;
  HttpsOptions options = patient_options();
  options.connect_timeout = 80ms;
  TransportClient client("http://127.0.0.1:" + listener.port(), options);

  const TransportFailure failure = failure_of(client.send(post()));

  CHECK(failure.kind == FailureKind::connect);
  CHECK_FALSE(failure.may_have_arrived);
  CHECK(failure.message == "connect to 127.0.0.1:" + listener.port() + " timed out after 80 ms");
}

HostLookup addresses(std::vector<const char*> texts) {
  ResolvedHost answer;
  for (const char* text : texts) answer.addresses.push_back(asio::ip::make_address(text));
  return [answer](const std::string&) { return answer; };
}

TEST_CASE("transport: addresses that are deaf or refuse cost little when another one works") {
  BadServer server(always(answer_with("ok")));
  const auto port = static_cast<unsigned short>(std::stoi(server.port()));
  // An IPv6 address that swallows everything, as a broken route does; the first one to be tried.
  const DeafListener black_hole("::1", port);
  const DeafListener deaf("127.0.0.2", port);
  // Nobody listens on 127.0.0.3.
  HttpsOptions options = patient_options();
  options.connect_timeout = 240s;
  TransportClient client("http://localhost:" + server.port(), options,
                         addresses({"::1", "127.0.0.3", "127.0.0.2", "127.0.0.1"}));
  const auto begun_at = std::chrono::steady_clock::now();

  CHECK(answer_of(client.send(post())).body == "ok");

  // Two that are deaf, at 250 ms each; one that refuses, at none. The share of one alone would be a minute.
  CHECK(std::chrono::steady_clock::now() - begun_at < 30s);
}

TEST_CASE("transport: however many addresses are dead, a connect ends at its deadline") {
  const DeafListener first("127.0.0.2");
  const auto port = static_cast<unsigned short>(std::stoi(first.port()));
  const DeafListener second("127.0.0.3", port);
  const DeafListener third("::1", port);
  HttpsOptions options = patient_options();
  options.connect_timeout = 120ms;
  TransportClient client("http://localhost:" + first.port(), options,
                         addresses({"127.0.0.2", "::1", "127.0.0.3"}));
  const auto begun_at = std::chrono::steady_clock::now();

  const TransportFailure failure = failure_of(client.send(post()));

  CHECK(failure.kind == FailureKind::connect);
  CHECK_FALSE(failure.may_have_arrived);
  CHECK(failure.message.find("timed out after 120 ms (3 addresses tried)") != std::string::npos);
  CHECK(std::chrono::steady_clock::now() - begun_at >= 120ms);
  CHECK(std::chrono::steady_clock::now() - begun_at < 30s);
}

TEST_CASE(
    "transport: a name whose address changes is followed: at the next connection, and after a failure at "
    "once") {
  BadServer server(always(answer_with("ok")));
  int look_ups = 0;
  // Nobody listens on 127.0.0.3.
  const HostLookup moves = [&look_ups](const std::string&) {
    return ResolvedHost{.addresses = {asio::ip::make_address(++look_ups == 1 ? "127.0.0.3" : "127.0.0.1")},
                        .error = {}};
  };
  TransportClient client("http://localhost:" + server.port(), patient_options(), moves);

  CHECK(failure_of(client.send(post())).kind == FailureKind::connect);
  CHECK(answer_of(client.send(post())).body == "ok");
  CHECK(look_ups == 2);
  // The address that worked is kept for a while.
  CHECK(answer_of(client.send(post(), ConnectionChoice::fresh)).body == "ok");
  CHECK(look_ups == 2);

  HttpsOptions restless = patient_options();
  restless.connection_age_max = -1ms;
  restless.addresses_kept_for = 0ms;
  look_ups = 1;
  TransportClient traveller("http://localhost:" + server.port(), restless, moves);
  for (int i = 0; i < 2; ++i) CHECK(answer_of(traveller.send(post())).body == "ok");
  CHECK(look_ups == 3);
}

TEST_CASE("transport: a network that cannot be reached is told apart from a host that refuses") {
  // TCP has no way to a broadcast address, whatever routes there are.
  const TestAuthority authority;
  const TemporaryFile ca_file(authority.certificate_pem());
  HttpsOptions options = patient_options();
  options.ca_file = ca_file.path();
  TransportClient client("https://iot.example", options, addresses({"255.255.255.255"}));

  const TransportFailure failure = failure_of(client.send(post()));

  CHECK(failure.kind == FailureKind::connect);
  CHECK_FALSE(failure.may_have_arrived);
  CHECK(failure.message == "connect to iot.example:443 failed: Network is unreachable");
}

TEST_CASE("transport: the system watches each connection for a peer that has vanished without a word") {
  BadServer server(always(answer_with("ok")));
  TransportClient client(at(server));

  answer_of(client.send(post()));

  const std::vector<int> sockets = sockets_to(server.port());
  REQUIRE(sockets.size() == 1);
  const auto option = [&](int level, int name) {
    int value = -1;
    socklen_t length = sizeof value;
    ::getsockopt(sockets.front(), level, name, &value, &length);
    return value;
  };
  CHECK(option(SOL_SOCKET, SO_KEEPALIVE) == 1);
  // An idle connection: after 10 s + 2 · 5 s. One that sends: after 15 s without an acknowledgement.
  CHECK(option(IPPROTO_TCP, TCP_KEEPIDLE) == 10);
  CHECK(option(IPPROTO_TCP, TCP_KEEPINTVL) == 5);
  CHECK(option(IPPROTO_TCP, TCP_KEEPCNT) == 2);
  CHECK(option(IPPROTO_TCP, TCP_USER_TIMEOUT) == 15'000);
}

TEST_CASE("transport: a host without address is told as such") {
  TransportClient nowhere("https://sluice-test.invalid", patient_options());
  const TransportFailure unknown = failure_of(nowhere.send(post()));
  CHECK(unknown.kind == FailureKind::resolve);
  CHECK_FALSE(unknown.may_have_arrived);
  CHECK(unknown.message.find("no address for host 'sluice-test.invalid': ") == 0);

  TransportClient elsewhere("http://localhost:1", patient_options(), addresses({"192.0.2.1"}));
  const TransportFailure not_ours = failure_of(elsewhere.send(post()));
  CHECK(not_ours.kind == FailureKind::resolve);
  CHECK(not_ours.message.find("not a loopback address") != std::string::npos);
}

TEST_CASE("transport: thirty-two requests at once keep to four connections") {
  std::mutex mutex;
  std::set<std::size_t> busy;
  std::size_t busiest = 0;
  BadServer server([&](BadServer& self, Peer& peer) {
    while (!self.take_request(peer).empty()) {
      {
        const std::lock_guard lock(mutex);
        busy.insert(peer.number());
        busiest = std::max(busiest, busy.size());
      }
      {
        const std::lock_guard lock(mutex);
        busy.erase(peer.number());
      }
      peer.send(answer_with("ok"));
    }
  });
  HttpsOptions options = patient_options();
  options.connections_max = 4;
  TransportClient client(at(server), options);

  const std::vector<Reply> replies = client.send_all(post(), 32);

  REQUIRE(replies.size() == 32);
  for (const Reply& reply : replies) CHECK(answer_of(reply).body == "ok");
  CHECK(server.connections() == 4);
  CHECK(server.requests().size() == 32);
  CHECK(busiest <= 4);
}

TEST_CASE("transport: whoever waits for a place gets one also when connections fail") {
  BadServer server([](BadServer& self, Peer& peer) {
    self.take_request(peer);
    peer.reset();
  });
  HttpsOptions options = patient_options();
  options.connections_max = 2;
  TransportClient client(at(server), options);

  const std::vector<Reply> replies = client.send_all(post(), 9);

  REQUIRE(replies.size() == 9);
  for (const Reply& reply : replies) CHECK(failure_of(reply).kind == FailureKind::broken);
  CHECK(server.requests().size() == 9);
}

TEST_CASE("transport: a fresh connection makes room by closing an idle one") {
  BadServer server(always(answer_with("ok")));
  HttpsOptions options = patient_options();
  options.connections_max = 1;
  TransportClient client(at(server), options);

  answer_of(client.send(post()));
  answer_of(client.send(post(), ConnectionChoice::fresh));

  CHECK(server.connections() == 2);
}

TEST_CASE("transport: a header that would break out of its line is refused before anything is opened") {
  BadServer server(always(answer_with("ok")));
  TransportClient client(at(server));
  HttpRequest request = post();
  request.headers.emplace_back("X-Note", "a\r\nX-Evil: 1");

  CHECK_THROWS_AS(client.send(request), std::invalid_argument);

  CHECK(server.connections() == 0);
}

TEST_CASE("transport: closing ends what is under way and refuses what comes later") {
  BadServer server(stall_after("HTTP/1.1 200 OK\r\n"));
  const DeafListener deaf;
  const auto let_go = std::make_shared<Event>();
  TransportClient exchanging(at(server));
  TransportClient connecting("http://127.0.0.1:" + deaf.port());
  TransportClient resolving("https://iot.example", patient_options(), [let_go](const std::string&) {
    let_go->wait();
    return ResolvedHost{};
  });
  const auto close_and_wait = [](TransportClient& client, std::optional<Reply>& reply) {
    client.transport->close();
    client.context.restart();
    // Nothing more is waited for: whoever was waiting is woken at once.
    client.context.poll();
    return failure_of(reply.value());
  };
  const HttpRequest request = post();
  std::array<std::optional<Reply>, 3> replies;
  exchanging.start(request, replies[0]);
  connecting.start(request, replies[1]);
  resolving.start(request, replies[2]);
  REQUIRE(exchanging.run_until([&] { return !server.requests().empty(); }));
  connecting.context.poll();
  resolving.context.poll();

  const TransportFailure in_exchange = close_and_wait(exchanging, replies[0]);
  const TransportFailure in_connect = close_and_wait(connecting, replies[1]);
  const TransportFailure in_lookup = close_and_wait(resolving, replies[2]);
  let_go->set();

  CHECK(in_exchange.kind == FailureKind::broken);
  CHECK(in_exchange.may_have_arrived);
  CHECK(in_connect.kind == FailureKind::stopped);
  CHECK(in_lookup.kind == FailureKind::stopped);
  CHECK_FALSE(in_connect.may_have_arrived);
  CHECK(failure_of(exchanging.send(post())).kind == FailureKind::stopped);
  CHECK(server.connections() == 1);
}

TEST_CASE("transport: it may go while its coroutines still wait, and the loop after it") {
  BadServer server(stall_after(""));
  const DeafListener deaf;
  HttpsOptions options = patient_options();
  options.connections_max = 1;
  const HttpRequest request = post();
  for (const bool is_deaf : {false, true}) {
    TransportClient client(is_deaf ? "http://127.0.0.1:" + deaf.port() : at(server), options);
    // One in its exchange or connect, two waiting for the place.
    std::array<std::optional<Reply>, 3> replies;
    for (std::optional<Reply>& reply : replies) client.start(request, reply);
    client.context.poll();
    REQUIRE(client.run_until([&] { return is_deaf || !server.requests().empty(); }));
    client.transport.reset();
    for (const std::optional<Reply>& reply : replies) CHECK_FALSE(reply.has_value());
  }
  CHECK(server.connections() == 1);
}

}  // namespace
}  // namespace sluice::tests
