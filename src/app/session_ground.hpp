// SPDX-License-Identifier: MIT
// What a session stands on: where time comes from, where requests go, and how its loop is run. The machine's
// own, or all of it simulated.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>

#include "app/outside_checks.hpp"
#include "app/settings.hpp"
#include "sluice/clock/clock.hpp"
#include "sluice/core/result.hpp"
#include "sluice/engine/dispatcher.hpp"
#include "sluice/engine/randomness.hpp"
#include "sluice/transport/transport.hpp"

namespace sluice {

/// Copies share everything. For one session at a time.
struct SessionGround {
  std::shared_ptr<boost::asio::io_context> loop;
  boost::asio::any_io_executor database;  ///< where the store is used
  std::shared_ptr<Clock> clock;
  std::shared_ptr<Randomness> randomness;
  std::function<Result<std::unique_ptr<Transport>>(const TenantSetup&)> open_transport;
  /// Who asks outside at a gate; empty: nobody does, and every gate is told that all is well.
  std::function<OutsideChecks(const TenantSetup&, TellOfCheck)> open_checks;
  std::function<void()> run_loop;  ///< until nothing is left to do, on the loop and in the database
  bool is_watched = true;          ///< somebody may look on while it runs: progress is redrawn
  bool heeds_signals = true;       ///< false: they are for somebody else in this process
};

/// The machine's clocks, the kernel's randomness, the network, and a thread for the database.
SessionGround machine_ground();

}  // namespace sluice
