// SPDX-License-Identifier: MIT
// The transport of a process: between it and the cloud stands a network that loses, delays and copies.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "simulation/cloud.hpp"
#include "simulation/ledger.hpp"
#include "simulation/process_clock.hpp"
#include "simulation/scenario.hpp"
#include "sluice/transport/transport.hpp"

namespace sluice::simulation {

/// What of the world outlives a process.
struct Surroundings {
  World& world;
  const Scenario& scenario;
  Machine& machine;
  Disk& disk;
  RecordView& record;
  Ledger& ledger;
  Cloud& cloud;
  Dice& network_dice;
  Dice& process_dice;
  Totals& totals;
  bool& is_calm;  ///< the faults have ended
};

class Network : public Transport {
 public:
  /// @param occasion called where a process may die; false: it is dead
  Network(Surroundings around, ProcessClock& clock, std::function<bool()> occasion)
      : around_(around), clock_(clock), occasion_(std::move(occasion)) {}

  boost::asio::awaitable<Reply> send(const HttpRequest& request, const WireGate& gate,
                                     ConnectionChoice connection) override;
  void close() override {}

 private:
  struct Exchange;

  bool draws(Fault fault);
  Nanos way();
  boost::asio::awaitable<std::optional<TransportFailure>> connect();
  boost::asio::awaitable<void> wait_for(Nanos time);
  boost::asio::awaitable<void> wait_for_ever();
  void deliver(const Form& form, Nanos after, const std::shared_ptr<Exchange>& exchange);
  boost::asio::awaitable<Reply> reply_of(const Form& form, std::shared_ptr<Exchange> exchange);

  Surroundings around_;
  ProcessClock& clock_;
  std::function<bool()> occasion_;
};

}  // namespace sluice::simulation
