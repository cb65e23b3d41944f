// SPDX-License-Identifier: MIT
// A machine that has no descriptor left for another connection: that says nothing about the endpoint, it is
// waited for without spinning, and the database keeps the descriptors it may need.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <optional>
#include <stdexcept>

#include "support/bad_server.hpp"
#include "support/transport_client.hpp"
#include "transport/https/resolver.hpp"

namespace sluice::tests {
namespace {

using namespace std::chrono_literals;

/// As long as it lives, the process can open so many more descriptors.
class DescriptorsLeft {
 public:
  explicit DescriptorsLeft(int left) {
    if (::getrlimit(RLIMIT_NOFILE, &before_) != 0) throw std::runtime_error("getrlimit");
    const int lowest_free = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::close(lowest_free);
    rlimit lowered = before_;
    lowered.rlim_cur = static_cast<rlim_t>(lowest_free + left);
    if (::setrlimit(RLIMIT_NOFILE, &lowered) != 0) throw std::runtime_error("setrlimit");
  }
  DescriptorsLeft(const DescriptorsLeft&) = delete;
  DescriptorsLeft& operator=(const DescriptorsLeft&) = delete;
  ~DescriptorsLeft() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

/// What no connection may have.
constexpr int reserve = 8;

BadServer::Script answers() {
  return [](BadServer& server, Peer& peer) {
    while (!server.take_request(peer).empty()) peer.send(answer_with("ok"));
  };
}

std::string at(const BadServer& server) { return "http://127.0.0.1:" + server.port(); }

/// The loop's own descriptors come with its first socket: before they are counted.
void warm_up(TransportClient& client) { const boost::asio::ip::tcp::socket unused(client.context); }

std::chrono::nanoseconds processor_time() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds{used.tv_sec} + std::chrono::nanoseconds{used.tv_nsec};
}

TEST_CASE(
    "transport: without a descriptor to spare it waits, does not spin, and does not blame the endpoint") {
  BadServer server(answers());
  HttpsOptions options = patient_options();
  options.connect_timeout = 300ms;
  TransportClient client(at(server), options);
  warm_up(client);
  const auto begun_at = std::chrono::steady_clock::now();
  const auto used_before = processor_time();

  const TransportFailure failure = [&] {
    const DescriptorsLeft left(reserve);
    return failure_of(client.send(post()));
  }();

  CHECK(failure.kind == FailureKind::exhausted);
  CHECK_FALSE(failure.may_have_arrived);
  CHECK(failure.message == "no connection to 127.0.0.1:" + server.port() +
                               ": this machine has no file descriptor or port left (Too many open files)");
  CHECK(client.gates_opened == 0);
  CHECK(server.connections() == 0);
  CHECK(std::chrono::steady_clock::now() - begun_at >= 300ms);
  CHECK(processor_time() - used_before < 100ms);
  CHECK(answer_of(client.send(post())).body == "ok");
}

TEST_CASE("transport: when descriptors run out, idle connections are closed to make room") {
  BadServer server(answers());
  TransportClient client(at(server));
  warm_up(client);
  // One for each side of a connection: the server may be late to close its side of the first.
  const DescriptorsLeft left(reserve + 2);

  answer_of(client.send(post()));
  answer_of(client.send(post(), ConnectionChoice::fresh));

  CHECK(server.connections() == 2);
}

TEST_CASE("transport: who finds no descriptor takes the connection of somebody who is done") {
  BadServer server(answers());
  TransportClient client(at(server));
  warm_up(client);
  std::vector<Reply> replies;
  {
    // The server's side of a connection takes one as well, out of the reserve.
    const DescriptorsLeft left(reserve + 1);
    replies = client.send_all(post(), 3);
  }

  REQUIRE(replies.size() == 3);
  for (const Reply& reply : replies) CHECK(answer_of(reply).body == "ok");
  CHECK(server.connections() == 1);
}

TEST_CASE("transport: closing ends the wait for a descriptor") {
  BadServer server(answers());
  TransportClient client(at(server));
  warm_up(client);
  const DescriptorsLeft left(reserve);
  const HttpRequest request = post();
  std::optional<Reply> reply;
  client.start(request, reply);
  client.context.poll();
  REQUIRE_FALSE(reply.has_value());

  client.transport->close();
  client.context.poll();

  // It was not only noticed by the next try, a second later.
  REQUIRE(reply.has_value());
  CHECK(failure_of(*reply).kind == FailureKind::stopped);
}

TEST_CASE("transport: a name that cannot be looked up for want of descriptors is not called unknown") {
  ResolvedHost answer;
  {
    const DescriptorsLeft none(0);
    answer = look_up_host("iot.example.invalid");
  }

  CHECK(answer.is_exhausted);
  CHECK(answer.error.find("file descriptor") != std::string::npos);
  HttpsOptions options = patient_options();
  options.connect_timeout = 50ms;
  TransportClient client("http://localhost:1", options, [&](const std::string&) { return answer; });
  CHECK(failure_of(client.send(post())).kind == FailureKind::exhausted);
}

}  // namespace
}  // namespace sluice::tests
