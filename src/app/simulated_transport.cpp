// SPDX-License-Identifier: MIT
#include "app/simulated_transport.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace sluice {
namespace asio = boost::asio;
namespace {

// As the real ones do: the transport gives up after so many dead connections, and the cloud hangs up on a
// client that has said nothing for so long.
constexpr int connections_tried_max = 3;
constexpr std::chrono::seconds server_patience{60};

/// "host" or "host:port": what stands behind the scheme.
std::string authority_of(const Endpoint& endpoint) {
  const std::string url = to_string(endpoint);
  const std::string authority = url.substr(url.find("://") + 3);
  return authority.substr(0, authority.find('/'));
}

std::string header_of(const HttpRequest& request, std::string_view name) {
  for (const auto& [header, value] : request.headers) {
    if (header == name) return value;
  }
  return {};
}

}  // namespace

SimulatedTransport::SimulatedTransport(SimulatedCloud& cloud, Clock& clock, const Endpoint& endpoint,
                                       const HttpsOptions& options)
    : cloud_(cloud),
      clock_(clock),
      options_(options),
      authority_(authority_of(endpoint)),
      peer_(endpoint.host + ":" + endpoint.port) {}

asio::awaitable<Reply> SimulatedTransport::send(const HttpRequest& request, const WireGate& gate,
                                                ConnectionChoice connection) {
  for (int tried = 0; tried < connections_tried_max; ++tried) {
    if (is_closed_) co_return stopped();
    const std::optional<Line> line = find_line(connection);
    if (!line) co_return TransportFailure{FailureKind::connect, false, "connect to " + peer_ + " refused"};
    const bool may_go = co_await gate();
    if (is_closed_) co_return stopped();
    if (!may_go) {
      keep(*line);
      co_return stopped();
    }
    if (is_alive(*line)) {
      Reply reply = co_await exchange(request, *line);
      co_return reply;
    }
    connection = ConnectionChoice::fresh;
  }
  co_return TransportFailure{FailureKind::broken, false,
                             peer_ + " closes its connections, or talks on them, before a request is sent"};
}

void SimulatedTransport::close() {
  is_closed_ = true;
  idle_.clear();
  for (Alarm* alarm : waiting_) alarm->ring();
}

/// A kept one, or a new one; absent: the port is closed.
std::optional<SimulatedTransport::Line> SimulatedTransport::find_line(ConnectionChoice connection) {
  const SteadyTime now = clock_.steady_now();
  std::erase_if(idle_, [&](const Line& line) {
    return now - line.quiet_since > options_.idle_timeout ||
           now - line.opened_at > options_.connection_age_max;
  });
  if (connection == ConnectionChoice::any && !idle_.empty()) {
    const Line line = idle_.back();
    idle_.pop_back();
    return line;
  }
  if (cloud_.refuses_connections()) return std::nullopt;
  return Line{cloud_.accept_connection(), now, now};
}

bool SimulatedTransport::is_alive(const Line& line) const {
  return clock_.steady_now() - line.quiet_since < server_patience;
}

void SimulatedTransport::keep(Line line) {
  if (is_closed_ || !is_alive(line)) return;
  if (idle_.size() >= options_.connections_max) idle_.erase(idle_.begin());
  idle_.push_back(line);
}

asio::awaitable<Reply> SimulatedTransport::exchange(const HttpRequest& request, Line line) {
  const SteadyTime deadline = clock_.steady_now() + options_.exchange_timeout;
  const simulator::Passage passage = cloud_.receive();
  const simulator::Request at_the_cloud = request_on(request, line);
  const SteadyTime arrival = clock_.steady_now() + passage.forward;
  if (arrival >= deadline) {
    cloud_.arrive_unheard(at_the_cloud, passage, arrival);
    co_await wait_until(deadline);
    co_return timed_out();
  }
  co_await wait_until(arrival);
  if (is_closed_) co_return ended_by_us();
  simulator::Verdict verdict = cloud_.arrive(at_the_cloud, passage);
  const SteadyTime answered = arrival + passage.backward;
  const bool is_silent = verdict.answer.delivery == simulator::Delivery::stall || answered >= deadline;
  co_await wait_until(is_silent ? deadline : answered);
  if (is_closed_) co_return ended_by_us();
  if (is_silent) co_return timed_out();
  co_return reply_of(std::move(verdict.answer), line);
}

asio::awaitable<void> SimulatedTransport::wait_until(SteadyTime time) {
  const std::unique_ptr<Alarm> alarm = clock_.alarm();
  waiting_.insert(alarm.get());
  while (!is_closed_ && clock_.steady_now() < time) co_await alarm->sleep_until(time);
  waiting_.erase(alarm.get());
}

Reply SimulatedTransport::reply_of(simulator::Answer answer, Line line) {
  switch (answer.delivery) {
    case simulator::Delivery::reset:
    case simulator::Delivery::stall:
      return TransportFailure{FailureKind::broken, true,
                              peer_ + " closed the connection before any answer: Connection reset by peer"};
    case simulator::Delivery::truncated:
      return TransportFailure{FailureKind::broken, true,
                              fmt::format("{} closed the connection after {} bytes of its answer's body",
                                          peer_, answer.body.size() / 2)};
    case simulator::Delivery::complete:
      break;
  }
  line.quiet_since = clock_.steady_now();
  keep(line);
  return HttpResponse{answer.http_status, std::move(answer.headers), std::move(answer.body)};
}

simulator::Request SimulatedTransport::request_on(const HttpRequest& request, const Line& line) const {
  return {.method = request.method,
          .target = request.target,
          .host = authority_,
          .content_type = header_of(request, "Content-Type"),
          .body = request.body,
          .connection = line.number};
}

TransportFailure SimulatedTransport::stopped() const {
  return {FailureKind::stopped, false, "the connection to " + peer_ + " was closed by us"};
}

TransportFailure SimulatedTransport::ended_by_us() const {
  return {FailureKind::broken, true, "the exchange with " + peer_ + " was ended by us before any answer"};
}

TransportFailure SimulatedTransport::timed_out() const {
  return {FailureKind::timeout, true,
          fmt::format("no complete answer from {} within {} ms", peer_, options_.exchange_timeout.count())};
}

}  // namespace sluice
