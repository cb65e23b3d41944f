// SPDX-License-Identifier: MIT
#include "app/simulated_transport.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>
#include <string>

#include "clock/virtual_clock.hpp"
#include "support/temporary_folder.hpp"

using namespace sluice;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

simulator::Options cloud_with(std::string_view fault_plan, std::string ledger_file = {}) {
  auto plan = simulator::parse_fault_plan(fault_plan, "plan.json");
  REQUIRE(std::holds_alternative<simulator::FaultPlan>(plan));
  return {.faults = std::get<simulator::FaultPlan>(std::move(plan)), .ledger_file = std::move(ledger_file)};
}

/// A cloud, a transport and a virtual clock. What is sent is no call at all: the cloud answers 400, which is
/// an answer like any other.
class Line {
 public:
  explicit Line(const simulator::Options& options) {
    Result<std::unique_ptr<SimulatedCloud>> opened = SimulatedCloud::open(options, clock);
    REQUIRE(opened.has_value());
    cloud = std::move(*opened);
    transport.emplace(*cloud, clock, parse_endpoint("http://localhost").value(),
                      HttpsOptions{.exchange_timeout = 15s});
  }

  /// Sends one request and waits for what becomes of it.
  Reply send(ConnectionChoice connection = ConnectionChoice::any) {
    std::optional<Reply> reply;
    start(connection, reply);
    clock.run();
    REQUIRE(reply.has_value());
    return *reply;
  }

  void start(ConnectionChoice connection, std::optional<Reply>& reply) {
    asio::co_spawn(loop, transport->send(request, gate, connection),
                   [&reply](const std::exception_ptr& problem, Reply came) {
                     if (problem) std::rethrow_exception(problem);
                     reply = std::move(came);
                   });
  }

  std::chrono::nanoseconds elapsed() const { return clock.steady_now() - started; }

  asio::io_context loop;
  VirtualClock clock{loop};
  const SteadyTime started = clock.steady_now();
  std::unique_ptr<SimulatedCloud> cloud;
  std::optional<SimulatedTransport> transport;
  HttpRequest request{.body = "Action=None"};
  int times_asked = 0;
  WireGate gate = [this]() -> asio::awaitable<bool> {
    ++times_asked;
    co_return true;
  };
};

const TransportFailure& failure_of(const Reply& reply) {
  REQUIRE(std::holds_alternative<TransportFailure>(reply));
  return std::get<TransportFailure>(reply);
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("simulated transport: a request takes the plan's latency, a part of it before it arrives") {
  Line line{cloud_with(R"({"latency": {"constant_ms": 80}, "forward_share": 0.25})")};

  const Reply reply = line.send();

  REQUIRE(std::holds_alternative<HttpResponse>(reply));
  CHECK(std::get<HttpResponse>(reply).status == 400);
  CHECK(find_header(std::get<HttpResponse>(reply), "date").has_value());
  CHECK(line.elapsed() == 80ms);
  CHECK(line.cloud->summary().first_arrival_s == doctest::Approx(0.02));
}

TEST_CASE("simulated transport: what is never answered fails at the time-out, and may have arrived") {
  Line line{cloud_with(R"({"stall_after_execution": 1})")};

  const Reply reply = line.send();

  CHECK(failure_of(reply).kind == FailureKind::timeout);
  CHECK(failure_of(reply).may_have_arrived);
  CHECK(line.elapsed() == 15s);
  CHECK(line.cloud->summary().requests == 1);
}

TEST_CASE("simulated transport: a request slower than the time-out arrives all the same, unheard") {
  Line line{cloud_with(R"({"latency": {"constant_ms": 40000}})")};

  const Reply reply = line.send();
  CHECK(failure_of(reply).kind == FailureKind::timeout);
  CHECK(line.elapsed() == 15s);
  CHECK(line.cloud->summary().requests == 0);

  line.clock.run_until(line.started + 21s);
  CHECK(line.cloud->summary().requests == 1);
  CHECK(line.cloud->summary().first_arrival_s == doctest::Approx(20));
}

TEST_CASE(
    "simulated transport: a lost and a cut answer break the connection, and the request may have arrived") {
  for (const char* plan :
       {R"({"reset_before_execution": 1})", R"({"reset_after_execution": 1})", R"({"truncated_body": 1})"}) {
    CAPTURE(plan);
    Line line{cloud_with(plan)};

    const Reply reply = line.send();

    CHECK(failure_of(reply).kind == FailureKind::broken);
    CHECK(failure_of(reply).may_have_arrived);
  }
}

TEST_CASE(
    "simulated transport: an outage resets kept connections at their next request, and refuses new ones") {
  Line line{cloud_with(R"({"outages": [{"from_s": 5, "to_s": 10, "kind": "refuse"}]})")};
  REQUIRE(std::holds_alternative<HttpResponse>(line.send()));
  line.clock.run_until(line.started + 6s);

  const Reply on_the_kept_one = line.send();
  CHECK(failure_of(on_the_kept_one).kind == FailureKind::broken);
  CHECK(failure_of(on_the_kept_one).may_have_arrived);
  const int asked_before = line.times_asked;
  const Reply on_a_new_one = line.send();
  CHECK(failure_of(on_a_new_one).kind == FailureKind::connect);
  CHECK_FALSE(failure_of(on_a_new_one).may_have_arrived);
  CHECK(line.times_asked == asked_before);

  line.clock.run_until(line.started + 11s);
  CHECK(std::holds_alternative<HttpResponse>(line.send()));
}

TEST_CASE("simulated transport: a gate that stays shut sends nothing") {
  Line line{cloud_with("{}")};
  line.gate = []() -> asio::awaitable<bool> { co_return false; };

  const Reply reply = line.send();

  CHECK(failure_of(reply).kind == FailureKind::stopped);
  CHECK_FALSE(failure_of(reply).may_have_arrived);
  CHECK(line.cloud->summary().requests == 0);
}

TEST_CASE("simulated transport: connections are kept, unless a fresh one is asked for or they got old") {
  tests::TemporaryFolder folder;
  const std::string ledger = folder / "ledger.ndjson";
  Line line{cloud_with("{}", ledger)};

  line.send();
  line.send();
  line.send(ConnectionChoice::fresh);
  line.clock.run_until(line.clock.steady_now() + 26s);
  line.send();

  const std::string seen = tests::content_of(ledger);
  CHECK(count_of(seen, "\"connection\":1,") == 2);
  CHECK(count_of(seen, "\"connection\":2,") == 1);
  CHECK(count_of(seen, "\"connection\":3,") == 1);
}

TEST_CASE("simulated transport: a connection that waited for too long at the gate is replaced behind it") {
  Line line{cloud_with("{}")};
  line.gate = [&line]() -> asio::awaitable<bool> {
    const bool is_first = line.times_asked++ == 0;
    if (is_first) {
      const std::unique_ptr<Alarm> alarm = line.clock.alarm();
      co_await alarm->sleep_until(line.started + 61s);
    }
    co_return true;
  };

  CHECK(std::holds_alternative<HttpResponse>(line.send()));

  CHECK(line.times_asked == 2);
  CHECK(line.cloud->summary().requests == 1);
}

TEST_CASE("simulated transport: to close it ends what is under way") {
  Line line{cloud_with(R"({"stall_after_execution": 1})")};
  std::optional<Reply> reply;
  line.start(ConnectionChoice::any, reply);
  line.clock.run_until(line.started + 1s);
  CHECK_FALSE(reply.has_value());

  line.transport->close();
  line.clock.run_until(line.started + 2s);

  REQUIRE(reply.has_value());
  CHECK(failure_of(*reply).kind == FailureKind::broken);
  CHECK(failure_of(*reply).may_have_arrived);
}
