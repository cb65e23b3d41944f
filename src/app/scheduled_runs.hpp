// SPDX-License-Identifier: MIT
// Makes runs of the ticks of the daemon's schedules. Lives on the loop.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <utility>

#include "app/settings.hpp"
#include "sluice/engine/scheduler.hpp"

namespace sluice {

class Daemon;

class ScheduledRuns {
 public:
  /// Everything passed by reference outlives it.
  ScheduledRuns(boost::asio::any_io_executor loop, Daemon& daemon, Clock& clock, Environment environment);

  /// Until stop().
  boost::asio::awaitable<void> run();
  /// A schedule has changed, or a run of one is over.
  void wake() { scheduler_.wake(); }
  /// Makes the run of a tick that an order has started. Fails as the tick then does.
  boost::asio::awaitable<Result<RunId>> submit_now(StartedTick tick) {
    return scheduler_.submit_now(std::move(tick));
  }
  void stop() { scheduler_.stop(); }

 private:
  SchedulerHooks hooks();
  boost::asio::awaitable<Result<RunId>> submit(StartedTick tick);
  boost::asio::awaitable<Result<void>> cancel(RunId run, std::string reason);

  Daemon& daemon_;
  const Environment environment_;
  Scheduler scheduler_;
};

}  // namespace sluice
