// SPDX-License-Identifier: MIT
// Virtual time, in rehearsals and in tests: when nothing is ready any more, time jumps to the
// next sleeper. A run of hours takes milliseconds and is the same each time.
#pragma once

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>

#include "clock/sleepers.hpp"
#include "sluice/clock/clock.hpp"

namespace sluice {

class VirtualClock : public Clock {
 public:
  explicit VirtualClock(boost::asio::io_context& context,
                        SteadyTime start = SteadyTime{std::chrono::hours{1}},
                        UtcTime utc_start = UtcTime{std::chrono::seconds{1'700'000'000}})
      : context_(context),
        now_(start),
        utc_minus_steady_(utc_start.time_since_epoch() - start.time_since_epoch()),
        sleepers_(context) {}

  SteadyTime steady_now() const override { return now_; }
  UtcTime utc_now() const override {
    return UtcTime{
        std::chrono::duration_cast<std::chrono::microseconds>(now_.time_since_epoch() + utc_minus_steady_)};
  }
  std::unique_ptr<Alarm> alarm() override { return sleepers_.alarm(); }

  /// The wall clock jumps; the other one does not.
  void set_wall_clock(UtcTime to) { utc_minus_steady_ += to - utc_now(); }

  /// Runs everything that is ready, then jumps to the next sleeper, until nobody sleeps but for ever.
  void run() { run_until(SteadyTime::max()); }

  /// The same, but not past that time.
  void run_until(SteadyTime end) {
    while (true) {
      context_.restart();
      context_.poll();
      const std::optional<SteadyTime> next = sleepers_.next();
      if (!next || *next >= end) break;
      now_ = std::max(now_, *next);
      sleepers_.wake_next();
    }
    if (end != SteadyTime::max()) now_ = std::max(now_, end);
  }

 private:
  boost::asio::io_context& context_;
  SteadyTime now_;
  std::chrono::nanoseconds utc_minus_steady_;
  Sleepers sleepers_;
};

}  // namespace sluice
