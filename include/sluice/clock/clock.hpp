// SPDX-License-Identifier: MIT
// Seam: time. What runs reads no clock and sets no timer but through it, so tests run on virtual time.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>

#include "sluice/core/time.hpp"

namespace sluice {

/// What one coroutine sleeps on. Owned by that coroutine; others may ring it.
class Alarm {
 public:
  virtual ~Alarm() = default;

  /// Completes at the time, or earlier when rung. A ring while nobody sleeps ends the next sleep at once.
  virtual boost::asio::awaitable<void> sleep_until(SteadyTime time) = 0;
  virtual void ring() = 0;
};

class Clock {
 public:
  virtual ~Clock() = default;

  virtual UtcTime utc_now() const = 0;
  virtual SteadyTime steady_now() const = 0;
  virtual std::unique_ptr<Alarm> alarm() = 0;
};

/// The machine's clocks.
std::unique_ptr<Clock> open_system_clock(boost::asio::any_io_executor executor);

}  // namespace sluice
