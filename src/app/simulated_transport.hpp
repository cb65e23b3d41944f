// SPDX-License-Identifier: MIT
// The transport of a rehearsal in virtual time: requests reach the simulated cloud without a socket, and fail
// as they would on one. Connections are there as numbers, for the ledger, and because an outage is first
// noticed on a new one.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/simulated_cloud.hpp"
#include "sluice/clock/clock.hpp"
#include "sluice/transport/https.hpp"
#include "sluice/transport/transport.hpp"

namespace sluice {

class SimulatedTransport : public Transport {
 public:
  /// The cloud and the clock outlive it; the clock is the cloud's too.
  SimulatedTransport(SimulatedCloud& cloud, Clock& clock, const Endpoint& endpoint,
                     const HttpsOptions& options);

  boost::asio::awaitable<Reply> send(const HttpRequest& request, const WireGate& gate,
                                     ConnectionChoice connection) override;
  void close() override;

 private:
  /// A connection; only as long as nobody uses it, it is in idle_.
  struct Line {
    long number = 0;
    SteadyTime opened_at;
    SteadyTime quiet_since;
  };

  std::optional<Line> find_line(ConnectionChoice connection);
  bool is_alive(const Line& line) const;
  void keep(Line line);
  boost::asio::awaitable<Reply> exchange(const HttpRequest& request, Line line);
  boost::asio::awaitable<void> wait_until(SteadyTime time);
  Reply reply_of(simulator::Answer answer, Line line);
  simulator::Request request_on(const HttpRequest& request, const Line& line) const;
  TransportFailure stopped() const;
  TransportFailure ended_by_us() const;
  TransportFailure timed_out() const;

  SimulatedCloud& cloud_;
  Clock& clock_;
  const HttpsOptions options_;
  const std::string authority_;  ///< as in the Host header
  const std::string peer_;       ///< as in messages
  std::vector<Line> idle_;       ///< the one that was used last at its end
  std::set<Alarm*> waiting_;
  bool is_closed_ = false;
};

}  // namespace sluice
