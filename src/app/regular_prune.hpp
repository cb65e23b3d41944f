// SPDX-License-Identifier: MIT
// Prunes the daemon's record once an hour, by what the configuration says is kept, and forgets keys of
// requests that are a day old. Lives on the loop.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>

#include "sluice/clock/clock.hpp"

namespace sluice {

class Daemon;

class RegularPrune {
 public:
  /// Both outlive it.
  RegularPrune(Daemon& daemon, Clock& clock);

  /// Until stop().
  boost::asio::awaitable<void> run();
  void stop();

 private:
  boost::asio::awaitable<bool> prune_once();
  boost::asio::awaitable<void> forget_requests();

  Daemon& daemon_;
  Clock& clock_;
  const std::unique_ptr<Alarm> alarm_;
  bool is_stopped_ = false;
};

}  // namespace sluice
