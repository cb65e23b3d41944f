// SPDX-License-Identifier: MIT
// Every way in which a connection can go wrong after a request went out, over TCP and over TLS: what the
// caller is told, that it is told at all, and that a connection with any irregularity serves nobody again.
// All that stall go at once, so that their deadlines are waited for together.
#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "support/bad_server.hpp"
#include "support/test_certificates.hpp"
#include "support/transport_client.hpp"

namespace sluice::tests {
namespace {

using namespace std::chrono_literals;

/// What the server does once it has read the request. The event comes when all first replies are there.
using Misdeed = std::function<void(Peer&, Event& replied)>;

struct Row {
  std::string name;
  std::optional<FailureKind> failure;  ///< absent: the answer is taken, and its body is "ok"
  Misdeed misdeed;
};

Misdeed says(std::string text) {
  return [text = std::move(text)](Peer& peer, Event&) { peer.send(text); };
}

Misdeed says_and_ends(std::string text) {
  return [text = std::move(text)](Peer& peer, Event&) {
    peer.send(text);
    peer.end();
  };
}

Misdeed says_and_cuts(std::string text) {
  return [text = std::move(text)](Peer& peer, Event&) {
    peer.send(text);
    peer.cut();
  };
}

Misdeed says_and_resets(std::string text) {
  return [text = std::move(text)](Peer& peer, Event&) {
    peer.send(text);
    peer.reset();
  };
}

/// A good answer, and then something while the connection is idle.
Misdeed later(std::function<void(Peer&)> act) {
  return [act = std::move(act)](Peer& peer, Event& replied) {
    peer.send(answer_with("ok"));
    replied.wait();
    act(peer);
  };
}

/// As long as somebody listens.
Misdeed endless(std::string beginning, const std::string& piece) {
  std::string pieces;
  while (pieces.size() < 4'000) pieces += piece;
  return [=](Peer& peer, Event&) {
    for (bool sent = peer.send(beginning); sent;) sent = peer.send(pieces);
  };
}

/// The same, a byte at a time.
Misdeed drips(std::string beginning) {
  return [=](Peer& peer, Event&) {
    for (bool sent = peer.send(beginning); sent; sent = peer.send("x")) std::this_thread::sleep_for(20ms);
  };
}

const std::string ok_header = "HTTP/1.1 200 OK\r\n";
const std::string chunked_header = ok_header + "Transfer-Encoding: chunked\r\n\r\n";

std::vector<Row> rows_over_tcp_and_tls() {
  constexpr auto broken = FailureKind::broken;
  constexpr auto unreadable = FailureKind::unreadable;
  constexpr auto timeout = FailureKind::timeout;
  return {
      // a good answer on a connection that is not to be kept
      {"Connection: close", {}, says(answer_with("ok", "Connection: close\r\n"))},
      {"HTTP/1.0", {}, says("HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok")},
      {"a body that ends with the connection", {}, says_and_ends(ok_header + "\r\nok")},
      {"a good-bye in the same breath", {}, says_and_ends(answer_with("ok"))},
      {"a newline too many", {}, says(answer_with("ok") + "\n")},
      {"an answer too many", {}, says(answer_with("ok") + answer_with("late"))},
      {"an interim answer after the answer", {}, says(answer_with("ok") + "HTTP/1.1 100 Continue\r\n\r\n")},
      {"bytes after the last chunk", {}, says(chunked_header + "2\r\nok\r\n0\r\n\r\nx")},
      {"an answer later", {}, later([](Peer& peer) { peer.send(answer_with("late")); })},
      {"a byte later", {}, later([](Peer& peer) { peer.send("\n"); })},
      {"a good-bye later", {}, later([](Peer& peer) { peer.end(); })},
      {"a cut later", {}, later([](Peer& peer) { peer.cut(); })},
      {"a reset later", {}, later([](Peer& peer) { peer.reset(); })},
      // cut
      {"nothing but the end", broken, says_and_ends("")},
      {"nothing but a cut", broken, says_and_cuts("")},
      {"nothing but a reset", broken, says_and_resets("")},
      {"the end inside the header", broken, says_and_ends(ok_header + "Content-Le")},
      {"the end inside the body", broken, says_and_ends(ok_header + "Content-Length: 10\r\n\r\nhalf")},
      {"the end inside a chunk", broken, says_and_ends(chunked_header + "5\r\nhal")},
      {"the end before the last chunk", broken, says_and_ends(chunked_header + "2\r\nok\r\n")},
      {"the end after an interim answer", broken, says_and_ends("HTTP/1.1 100 Continue\r\n\r\n")},
      {"a reset inside the body", broken, says_and_resets(ok_header + "Content-Length: 10\r\n\r\nhalf")},
      {"a reset where the end would do", broken, says_and_resets(ok_header + "\r\nok")},
      // stalled
      {"silence", timeout, says("")},
      {"silence inside the header", timeout, says(ok_header + "Conte")},
      {"silence after the header", timeout, says(ok_header + "Content-Length: 10\r\n\r\n")},
      {"silence inside the body", timeout, says(ok_header + "Content-Length: 10\r\n\r\nhalf")},
      {"silence inside a chunk", timeout, says(chunked_header + "5\r\nhal")},
      {"silence after an interim answer", timeout, says("HTTP/1.1 100 Continue\r\n\r\n")},
      {"a body that drips", timeout, drips(ok_header + "Content-Length: 100000\r\n\r\n")},
      {"a header that drips", timeout, drips(ok_header + "X: ")},
      // without measure
      {"a header of 17,000 bytes", unreadable, says(ok_header + "X: " + std::string(17'000, 'x'))},
      {"headers without end", unreadable, endless(ok_header, "X: y\r\n")},
      {"a body of 256 KiB and a byte", unreadable, says(ok_header + "Content-Length: 262145\r\n\r\n")},
      {"a body without end", unreadable, endless(ok_header + "\r\n", "x")},
      {"chunks without end", unreadable, endless(chunked_header, "1\r\nx\r\n")},
      {"a chunk's extension without end", unreadable, endless(chunked_header + "1;x=", "x")},
      {"trailers without end", unreadable, endless(chunked_header + "0\r\n", "X: y\r\n")},
      {"interim answers without end", unreadable,
       endless("HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 102 Processing\r\n\r\n")},
      // nonsense
      {"another protocol", unreadable, says("220 mail.example ESMTP\r\n")},
      {"a page without header", unreadable, says("<html>busy</html>\r\n\r\n")},
      {"HTTP/2", unreadable, says(std::string("\0\0\x12\4\0\0\0\0\0\0\3\0\0\0\x80\0\4\0\1", 19))},
      {"a protocol to change to", unreadable, says("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n")},
      {"two lengths", unreadable, says(ok_header + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nok!")},
      {"a length beside chunks", unreadable,
       says(ok_header + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")},
      {"a negative length", unreadable, says(ok_header + "Content-Length: -1\r\n\r\n")},
      {"a chunk without size", unreadable, says(chunked_header + "zz\r\nok\r\n")},
      {"a chunk larger than the world", unreadable, says(chunked_header + "fffffffffffffffff\r\nok\r\n")},
  };
}

std::vector<Row> rows_over_tls() {
  std::vector<Row> rows = rows_over_tcp_and_tls();
  const auto in_clear = [](Peer& peer, Event&) { peer.send_raw(answer_with("ok")); };
  rows.push_back({"an answer in clear", FailureKind::broken, in_clear});
  rows.push_back({"bytes in clear later", {}, later([](Peer& peer) { peer.send_raw("HTTP/1.1 "); })});
  rows.push_back(
      {"the end of a body without TLS's good-bye", FailureKind::broken, says_and_cuts(ok_header + "\r\nok")});
  return rows;
}

/// A server that does to each request what the row named in its body says, and remembers every request that
/// came on a connection on which it had misbehaved before.
class Offender {
 public:
  Offender(std::vector<Row> rows, const BadServer::Options& options)
      : rows_(std::move(rows)),
        done_(rows_.size()),
        server_([this](BadServer&, Peer& peer) { serve(peer); }, options) {}

  const std::vector<Row>& rows() const { return rows_; }
  std::string port() const { return server_.port(); }

  /// All first replies are there. Returns when every misdeed is done.
  void act_on_idle_connections() {
    replied_.set();
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      CAPTURE(rows_[i].name);
      CHECK(done_[i].wait());
    }
  }

  std::vector<std::string> reused() const {
    const std::lock_guard lock(mutex_);
    return reused_;
  }

 private:
  void serve(Peer& peer) {
    std::string misdeed;
    while (true) {
      const std::string request = server_.take_request(peer);
      if (request.empty()) return;
      if (!misdeed.empty()) {
        const std::lock_guard lock(mutex_);
        reused_.push_back(misdeed);
      }
      const std::string body = request.substr(request.find("\r\n\r\n") + 4);
      if (body == "behave") {
        peer.send(answer_with("ok"));
        continue;
      }
      const std::size_t row = std::stoul(body);
      misdeed = rows_[row].name;
      rows_[row].misdeed(peer, replied_);
      done_[row].set();
    }
  }

  std::vector<Row> rows_;
  Event replied_;
  std::vector<Event> done_;
  mutable std::mutex mutex_;
  std::vector<std::string> reused_;
  BadServer server_;  ///< last: its threads use all of the above
};

/// Sends each body as a request of its own, all at once. @return in the same order
std::vector<Reply> send_all(TransportClient& client, const std::vector<std::string>& bodies) {
  std::vector<HttpRequest> requests;
  for (const std::string& body : bodies) requests.push_back(post(body));
  std::vector<std::optional<Reply>> came(bodies.size());
  for (std::size_t i = 0; i < bodies.size(); ++i) client.start(requests[i], came[i]);
  client.context.restart();
  client.context.run();
  std::vector<Reply> replies;
  for (std::optional<Reply>& reply : came) replies.push_back(std::move(reply.value()));
  return replies;
}

/// The rows that run into the deadline of an exchange, or the others, as the bodies that name them.
std::vector<std::string> bodies_of(const std::vector<Row>& rows, bool stall) {
  std::vector<std::string> bodies;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if ((rows[i].failure == FailureKind::timeout) == stall) bodies.push_back(std::to_string(i));
  }
  return bodies;
}

void check_replies(const Offender& server, const std::vector<std::string>& bodies,
                   const std::vector<Reply>& replies) {
  for (std::size_t i = 0; i < replies.size(); ++i) {
    const Row& row = server.rows()[std::stoul(bodies[i])];
    CAPTURE(row.name);
    if (!row.failure) {
      CHECK(answer_of(replies[i]).body == "ok");
    } else {
      const TransportFailure failure = failure_of(replies[i]);
      CHECK_MESSAGE(failure.kind == *row.failure, failure.message);
      CHECK(failure.may_have_arrived);
      CHECK(failure.message.find(":" + server.port()) != std::string::npos);
    }
  }
}

void check_rows(Offender& server, const std::string& endpoint, HttpsOptions options) {
  options.connections_max = server.rows().size();
  TransportClient patient(endpoint, options);
  // Run into by each of these, however fast the machine is.
  options.exchange_timeout = 500ms;
  TransportClient impatient(endpoint, options);
  const std::vector<std::string> brisk = bodies_of(server.rows(), false);
  const std::vector<std::string> stalling = bodies_of(server.rows(), true);

  const std::vector<Reply> brisk_replies = send_all(patient, brisk);
  const std::vector<Reply> stalling_replies = send_all(impatient, stalling);
  server.act_on_idle_connections();
  const std::vector<Reply> later_replies =
      send_all(patient, std::vector<std::string>(brisk.size(), "behave"));
  // In time or not: what the server sees of them is what counts.
  (void)send_all(impatient, std::vector<std::string>(stalling.size(), "behave"));

  check_replies(server, brisk, brisk_replies);
  check_replies(server, stalling, stalling_replies);
  for (const Reply& reply : later_replies) CHECK(answer_of(reply).body == "ok");
  for (const std::string& misdeed : server.reused()) {
    FAIL_CHECK("a connection was used again after: ", misdeed);
  }
}

TEST_CASE(
    "transport: a connection with any irregularity is never used again, and what went out may have arrived") {
  Offender server(rows_over_tcp_and_tls(), {});

  check_rows(server, "http://127.0.0.1:" + server.port(), patient_options());
}

TEST_CASE("transport: over TLS too, a connection with any irregularity is never used again") {
  const TestAuthority authority;
  const TemporaryFile ca_file(authority.certificate_pem());
  const Certificate certificate = authority.issue({});
  Offender server(rows_over_tls(), {.certificate = &certificate});
  HttpsOptions options = patient_options();
  options.ca_file = ca_file.path();

  check_rows(server, "https://127.0.0.1:" + server.port(), options);
}

}  // namespace
}  // namespace sluice::tests
