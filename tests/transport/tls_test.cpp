// SPDX-License-Identifier: MIT
// Who may be at the other end. Every refusal here must come before a byte of the request: it is signed, and
// whoever is not the endpoint must not have it.
#include <doctest/doctest.h>

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <string>
#include <thread>
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
  HttpsOptions options = patient_options();
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

/// Whoever is asked for, this machine answers.
ResolvedHost here(const std::string&) {
  return {.addresses = {boost::asio::ip::make_address("127.0.0.1")}, .error = {}};
}

/// A peer that is not to be trusted, and what its refusal says.
struct Impostor {
  std::string host;
  Certificate certificate;
  std::string reason;
};

std::vector<Impostor> impostors() {
  const TestAuthority stranger("somebody else's authority");
  const TestAuthority namesake;  // our authority's name on another key
  const TestAuthority between(authority(), {.subject = "between"});
  const TestAuthority lapsed(authority(), {.subject = "lapsed", .valid_from = -48h, .valid_until = -24h});
  const TestAuthority no_authority(authority(), {.subject = "no authority"}, "critical,CA:FALSE");
  const TestAuthority last(authority(), {.subject = "last"}, "critical,CA:TRUE,pathlen:0");
  const TestAuthority beyond_last(last, {.subject = "beyond the last"});
  const Certificate whole_chain = between.issue({});
  const std::string leaf_alone = whole_chain.certificate_pem.substr(
      0, whole_chain.certificate_pem.find("-----BEGIN", whole_chain.certificate_pem.find("-----END")));
  Certificate beyond = beyond_last.issue({});
  beyond.certificate_pem += last.certificate_pem();
  return {
      // the name
      {"localhost", authority().issue({.alternative_names = "DNS:other.example"}),
       "it is for DNS:other.example, not for localhost"},
      {"localhost", authority().issue({.subject = "localhost", .alternative_names = ""}),
       "it is for no name at all"},
      {"localhost", authority().issue({.alternative_names = "DNS:*.localhost"}), "not for localhost"},
      {"a.iot.example", authority().issue({.alternative_names = "DNS:*.example"}), "not for a.iot.example"},
      {"a.iot.example", authority().issue({.alternative_names = "DNS:a*.iot.example"}),
       "not for a.iot.example"},
      {"a.iot.example", authority().issue({.alternative_names = "DNS:a.*.example"}), "not for a.iot.example"},
      {"iot.example", authority().issue({.alternative_names = "DNS:*.iot.example"}), "not for iot.example"},
      {"localhost", authority().issue({.alternative_names = "DNS:*"}), "not for localhost"},
      {"localhost", authority().issue({.alternative_names = "IP:127.0.0.1"}), "not for localhost"},
      {"127.0.0.1", authority().issue({.alternative_names = "IP:127.0.0.2"}), "not for 127.0.0.1"},
      {"127.0.0.1", authority().issue({.subject = "127.0.0.1", .alternative_names = "DNS:127.0.0.1"}),
       "not for 127.0.0.1"},
      // the time
      {"localhost", authority().issue({.valid_from = -48h, .valid_until = -24h}), "certificate has expired"},
      {"localhost", authority().issue({.valid_from = -48h, .valid_until = -1s}), "certificate has expired"},
      {"localhost", authority().issue({.valid_from = 24h, .valid_until = 48h}),
       "certificate is not yet valid"},
      {"localhost", lapsed.issue({}), "certificate has expired (subject CN=lapsed"},
      {"localhost", authority().issue({.subject = "evil\x1b[2J", .valid_from = -48h, .valid_until = -24h}),
       "CN=evil\\1B[2J"},
      // who vouches for it
      {"localhost", stranger.issue({}), "CN=somebody else's authority"},
      {"localhost", namesake.issue({}), "signature failure"},
      {"localhost", self_signed({}), "self-signed certificate"},
      {"localhost", {.certificate_pem = leaf_alone, .key_pem = whole_chain.key_pem}, "local issuer"},
      {"localhost", no_authority.issue({}), "invalid CA certificate (subject CN=no authority"},
      {"localhost", beyond, "path length"},
      // what it is for, and how well it is made
      {"localhost", authority().issue({.extended_usage = "clientAuth"}), "purpose"},
      {"localhost", authority().issue({.rsa_bits = 1024}), "key too weak"},
      {"localhost", authority().issue({.digest = "SHA1"}), "digest algorithm too weak"},
  };
}

TEST_CASE("transport: a certificate that is not the endpoint's is refused before a byte of the request") {
  for (const Impostor& impostor : impostors()) {
    CAPTURE(impostor.host);
    CAPTURE(impostor.reason);
    BadServer server(always(answer_with("ok")), {.certificate = &impostor.certificate});
    TransportClient client(at(impostor.host, server), trusting(ca_file()), &here);

    const TransportFailure failure = failure_of(client.send(post("Secret=1")));

    CHECK(failure.kind == FailureKind::certificate);
    CHECK_FALSE(failure.may_have_arrived);
    CHECK_MESSAGE(failure.message.find(impostor.reason) != std::string::npos, failure.message);
    CHECK(failure.message.find(impostor.host + ":" + server.port()) != std::string::npos);
    CHECK(failure.message.find("subject ") != std::string::npos);
    CHECK(failure.message.find("valid from") != std::string::npos);
    CHECK(failure.message.find(" until ") != std::string::npos);
    CHECK(failure.message.find('\x1b') == std::string::npos);
    CHECK(client.gates_opened == 0);
    CHECK(server.requests().empty());
    CHECK(server.handshakes() == 0);
  }
}

TEST_CASE("transport: a certificate made in the same ways, but the endpoint's own, is accepted") {
  const TestAuthority between(authority(), {.subject = "between"});
  const std::vector<std::pair<std::string, Certificate>> rows{
      {"a.iot.example", authority().issue({.alternative_names = "DNS:*.iot.example"})},
      {"localhost", between.issue({})},
      {"localhost", authority().issue({.extended_usage = "serverAuth"})},
      {"localhost", authority().issue({.rsa_bits = 2048, .digest = "SHA384"})},
  };
  for (const auto& [host, certificate] : rows) {
    BadServer server(always(answer_with("ok")), {.certificate = &certificate});
    TransportClient client(at(host, server), trusting(ca_file()), &here);

    CHECK(answer_of(client.send(post())).body == "ok");
  }
}

TEST_CASE(
    "transport: a server that knows only old versions or weak ciphers is refused, and not as one that is "
    "away") {
  const Certificate certificate = authority().issue({});
  const std::vector<BadServer::Options> rows{
      {.certificate = &certificate, .tls_version_max = TLS1_VERSION},
      {.certificate = &certificate, .tls_version_max = TLS1_1_VERSION},
      {.certificate = &certificate, .ciphers = "eNULL"},
      {.certificate = &certificate, .ciphers = "aNULL"},
  };
  for (const BadServer::Options& options : rows) {
    CAPTURE(options.tls_version_max);
    CAPTURE(options.ciphers);
    BadServer server(always(answer_with("ok")), options);
    TransportClient client(at("localhost", server), trusting(ca_file()));

    const TransportFailure failure = failure_of(client.send(post()));

    CHECK_MESSAGE(failure.kind == FailureKind::weak_tls, failure.message);
    CHECK_FALSE(failure.may_have_arrived);
    CHECK(failure.message.find("localhost:" + server.port() + " has no TLS 1.2 or newer") == 0);
    CHECK(client.gates_opened == 0);
    CHECK(server.handshakes() == 0);
  }
}

TEST_CASE("transport: a handshake that ends otherwise is no verdict on the endpoint") {
  struct Case {
    std::string name;
    BadServer::Script script;
    FailureKind kind;
  };
  const auto says = [](std::string text) {
    return [text = std::move(text)](BadServer&, Peer& peer) {
      peer.send(text);
      peer.wait_for_close();
    };
  };
  const std::vector<Case> rows{
      {"closes", [](BadServer&, Peer&) {}, FailureKind::tls},
      {"resets",
       [](BadServer&, Peer& peer) {
         peer.wait_for_bytes();
         peer.reset();
       },
       FailureKind::tls},
      {"speaks no TLS", says("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"), FailureKind::tls},
      {"alert: internal error", says(std::string("\x15\3\3\0\2\2\x50", 7)), FailureKind::tls},
      {"alert: close notify", says(std::string("\x15\3\3\0\2\1\0", 7)), FailureKind::tls},
      {"alert: handshake failure", says(std::string("\x15\3\3\0\2\2\x28", 7)), FailureKind::weak_tls},
      {"alert: insufficient security", says(std::string("\x15\3\3\0\2\2\x47", 7)), FailureKind::weak_tls},
      {"drips",
       [](BadServer&, Peer& peer) {
         for (bool sent = peer.send("\x16\3\3\x3f"); sent; sent = peer.send("\2"))
           std::this_thread::sleep_for(5ms);
       },
       FailureKind::timeout},
  };
  for (const Case& row : rows) {
    CAPTURE(row.name);
    BadServer server(row.script);
    HttpsOptions options = trusting(ca_file());
    if (row.kind == FailureKind::timeout) options.tls_timeout = 300ms;
    TransportClient client(at("localhost", server), options);

    const TransportFailure failure = failure_of(client.send(post()));

    CHECK_MESSAGE(failure.kind == row.kind, failure.message);
    CHECK_FALSE(failure.may_have_arrived);
    CHECK(client.gates_opened == 0);
  }
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
