// SPDX-License-Identifier: MIT
// Who may be at the other end. Every refusal here must come before a byte of the request: it is signed, and
// whoever is not the endpoint must not have it.
#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

#include "support/bad_server.hpp"
#include "support/test_certificates.hpp"
#include "support/transport_client.hpp"

namespace sluice::tests {
namespace {

using namespace std::chrono_literals;

const TestAuthority& authority() {
  static const TestAuthority one;
  return one;
}

const std::string& ca_file() {
  static const TemporaryFile file(authority().certificate_pem());
  return file.path();
}

HttpsOptions trusting(const std::string& file) {
  HttpsOptions options = impatient_options();
  options.ca_file = file;
  return options;
}

BadServer::Script always(std::string answer) {
  return [answer = std::move(answer)](BadServer& server, Peer& peer) {
    while (!server.take_request(peer).empty()) peer.send(answer);
  };
}

std::string at(const std::string& host, const BadServer& server) {
  return "https://" + host + ":" + server.port();
}

TEST_CASE("transport: over TLS requests share a connection, by name and by address") {
  const Certificate certificate = authority().issue({});
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const std::string host : {"localhost", "127.0.0.1"}) {
      CAPTURE(version);
      CAPTURE(host);
      BadServer server(always(answer_with("ok")), {.certificate = &certificate, .tls_version_max = version});
      TransportClient client(at(host, server), trusting(ca_file()));

      for (int i = 0; i < 3; ++i) CHECK(answer_of(client.send(post())).body == "ok");

      CHECK(server.connections() == 1);
      CHECK(server.requests().size() == 3);
      // An address is no server name.
      CHECK(server.server_names() == std::vector<std::string>{host == "localhost" ? "localhost" : ""});
    }
  }
}

TEST_CASE("transport: a large answer in many TLS records comes whole") {
  const Certificate certificate = authority().issue({});
  BadServer server(always(answer_with(std::string(200'000, 'x'))), {.certificate = &certificate});
  TransportClient client(at("localhost", server), trusting(ca_file()));

  CHECK(answer_of(client.send(post(std::string(100'000, 'y')))).body == std::string(200'000, 'x'));
  CHECK(server.requests().front().ends_with(std::string(100'000, 'y')));
}

TEST_CASE("transport: a certificate that is not the endpoint's is refused before a byte of the request") {
  const TestAuthority stranger("somebody else's authority");
  const std::vector<std::pair<Certificate, std::string>> rows{
      {authority().issue({.alternative_names = "DNS:other.example"}),
       "it is for DNS:other.example, not for localhost"},
      {authority().issue({.subject = "localhost", .alternative_names = ""}), "it is for no name at all"},
      {authority().issue({.alternative_names = "DNS:*.localhost"}), "not for localhost"},
      {authority().issue({.valid_from = -48h, .valid_until = -24h}), "certificate has expired"},
      {authority().issue({.valid_from = 24h, .valid_until = 48h}), "certificate is not yet valid"},
      {stranger.issue({}), "CN=somebody else's authority"},
      {self_signed({}), "self-signed certificate"},
      {authority().issue({.subject = "evil\x1b[2J", .valid_from = -48h, .valid_until = -24h}),
       "CN=evil\\1B[2J"},
  };
  for (const auto& [certificate, reason] : rows) {
    CAPTURE(reason);
    BadServer server(always(answer_with("ok")), {.certificate = &certificate});
    TransportClient client(at("localhost", server), trusting(ca_file()));

    const TransportFailure failure = failure_of(client.send(post("Secret=1")));

    CHECK(failure.kind == FailureKind::certificate);
    CHECK_FALSE(failure.may_have_arrived);
    CHECK_MESSAGE(failure.message.find(reason) != std::string::npos, failure.message);
    CHECK(failure.message.find("localhost:" + server.port()) != std::string::npos);
    CHECK(failure.message.find("valid from") != std::string::npos);
    CHECK(failure.message.find('\x1b') == std::string::npos);
    CHECK(client.gates_opened == 0);
    CHECK(server.requests().empty());
  }
}

TEST_CASE("transport: a certificate for another address is refused, and a name is no address") {
  const Certificate other = authority().issue({.alternative_names = "IP:127.0.0.2,DNS:127.0.0.1"});
  BadServer server(always(answer_with("ok")), {.certificate = &other});
  TransportClient client(at("127.0.0.1", server), trusting(ca_file()));

  const TransportFailure failure = failure_of(client.send(post()));

  CHECK(failure.kind == FailureKind::certificate);
  CHECK(server.requests().empty());
}

TEST_CASE("transport: a server that speaks TLS 1.1 at most is refused") {
  const Certificate certificate = authority().issue({});
  BadServer server(always(answer_with("ok")),
                   {.certificate = &certificate, .tls_version_max = TLS1_1_VERSION});
  TransportClient client(at("localhost", server), trusting(ca_file()));

  const TransportFailure failure = failure_of(client.send(post()));

  CHECK(failure.kind == FailureKind::tls);
  CHECK_FALSE(failure.may_have_arrived);
  CHECK(failure.message.find("protocol version") != std::string::npos);
  CHECK(server.requests().empty());
}

TEST_CASE("transport: a handshake that stalls ends at its deadline") {
  const Certificate certificate = authority().issue({});
  BadServer server(always(""), {.certificate = &certificate, .skips_handshake = true});
  HttpsOptions options = trusting(ca_file());
  options.tls_timeout = 80ms;
  TransportClient client(at("localhost", server), options);

  const TransportFailure failure = failure_of(client.send(post()));

  CHECK(failure.kind == FailureKind::timeout);
  CHECK_FALSE(failure.may_have_arrived);
  CHECK(failure.message == "the TLS handshake with localhost:" + server.port() + " timed out after 80 ms");
}

TEST_CASE("transport: a server that closes, or speaks no TLS, fails in the handshake") {
  BadServer closing([](BadServer&, Peer&) {});
  BadServer talking([](BadServer&, Peer& peer) {
    peer.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    peer.wait_for_close();
  });
  for (const BadServer* server : {&closing, &talking}) {
    TransportClient client(at("localhost", *server), trusting(ca_file()));

    const TransportFailure failure = failure_of(client.send(post()));

    CHECK(failure.kind == FailureKind::tls);
    CHECK_FALSE(failure.may_have_arrived);
  }
}

TEST_CASE("transport: an answer that ends with the connection needs TLS's good-bye to be whole") {
  const Certificate certificate = authority().issue({});
  for (const bool says_goodbye : {true, false}) {
    CAPTURE(says_goodbye);
    BadServer server(
        [says_goodbye](BadServer& self, Peer& peer) {
          self.take_request(peer);
          peer.send("HTTP/1.1 200 OK\r\n\r\nall or nothing");
          says_goodbye ? peer.end() : peer.cut();
          peer.wait_for_close();
        },
        {.certificate = &certificate});
    TransportClient client(at("localhost", server), trusting(ca_file()));

    const Reply reply = client.send(post());

    if (says_goodbye) {
      CHECK(answer_of(reply).body == "all or nothing");
    } else {
      CHECK(failure_of(reply).kind == FailureKind::broken);
      CHECK(failure_of(reply).may_have_arrived);
    }
  }
}

TEST_CASE("transport: over TLS, bytes after an answer spoil the connection") {
  const Certificate certificate = authority().issue({});
  BadServer server(always(answer_with("ok") + answer_with("late")), {.certificate = &certificate});
  TransportClient client(at("localhost", server), trusting(ca_file()));

  for (int i = 0; i < 3; ++i) CHECK(answer_of(client.send(post())).body == "ok");

  CHECK(server.connections() == 3);
}

TEST_CASE("transport: over TLS, bytes that come on an idle connection are not the next request's answer") {
  const Certificate certificate = authority().issue({});
  Event answered;
  Event spoke;
  BadServer server(
      [&](BadServer& self, Peer& peer) {
        self.take_request(peer);
        peer.send(answer_with("first"));
        if (peer.number() == 0) {
          answered.wait();
          peer.send(answer_with("late"));
          spoke.set();
        }
        peer.wait_for_close();
      },
      {.certificate = &certificate});
  TransportClient client(at("localhost", server), trusting(ca_file()));

  CHECK(answer_of(client.send(post())).body == "first");
  answered.set();
  REQUIRE(spoke.wait());
  CHECK(answer_of(client.send(post())).body == "first");

  CHECK(server.connections() == 2);
  CHECK(server.requests().size() == 2);
}

TEST_CASE("transport: session tickets that come late do not spoil a connection") {
  const Certificate certificate = authority().issue({});
  Event answered;
  Event spoke;
  BadServer server(
      [&](BadServer& self, Peer& peer) {
        self.take_request(peer);
        peer.send(answer_with("first"));
        answered.wait();
        peer.send_session_ticket();
        spoke.set();
        while (!self.take_request(peer).empty()) peer.send(answer_with("second"));
      },
      {.certificate = &certificate});
  TransportClient client(at("localhost", server), trusting(ca_file()));

  CHECK(answer_of(client.send(post())).body == "first");
  answered.set();
  REQUIRE(spoke.wait());
  CHECK(answer_of(client.send(post())).body == "second");

  CHECK(server.connections() == 1);
}

TEST_CASE("transport: a trust store that is missing, empty or damaged is told at the start") {
  const TemporaryFile empty("");
  const TemporaryFile garbage("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n");
  for (const std::string& path :
       std::vector<std::string>{"/nowhere/ca.pem", "/tmp", empty.path(), garbage.path()}) {
    CAPTURE(path);
    boost::asio::io_context context;
    const auto opened = open_https_transport(context.get_executor(),
                                             parse_endpoint("https://localhost").value(), trusting(path));

    REQUIRE_FALSE(opened.has_value());
    const bool is_missing = path == "/nowhere/ca.pem";
    CHECK(opened.error().kind == (is_missing ? ErrorKind::not_found : ErrorKind::invalid_input));
    CHECK(opened.error().message.find(path) != std::string::npos);
    CHECK_FALSE(opened.error().hint.empty());
  }
}

TEST_CASE(
    "transport: without a CA file the system's store decides, and it does not know the tests' authority") {
  const Certificate certificate = authority().issue({});
  BadServer server(always(answer_with("ok")), {.certificate = &certificate});
  boost::asio::io_context context;
  auto opened = open_https_transport(context.get_executor(), parse_endpoint("https://localhost").value(), {});
  if (!opened) {
    // A machine without ca-certificates: then it must say so.
    CHECK(opened.error().message.find("no certificate store") != std::string::npos);
    return;
  }
  TransportClient client(at("localhost", server));

  CHECK(failure_of(client.send(post())).kind == FailureKind::certificate);
  CHECK(server.requests().empty());
}

}  // namespace
}  // namespace sluice::tests
