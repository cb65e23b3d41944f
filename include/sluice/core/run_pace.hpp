// SPDX-License-Identifier: MIT
// A run's own pace, below its account's: requests a second, and devices a minute. After a chunk the next one
// waits until what was sent is paid for, and until the minute that ends with it has room for it; so no minute
// holds more devices than are allowed. A chunk that is larger than a minute's share goes alone in its minute.
#pragma once

#include <chrono>
#include <deque>
#include <optional>

#include "sluice/core/time.hpp"

namespace sluice {

class RunPace {
 public:
  RunPace(std::optional<double> requests_per_second, std::optional<double> devices_per_minute)
      : requests_per_second_(requests_per_second), devices_per_minute_(devices_per_minute) {}

  /// Whether there is anything to wait for at all.
  bool is_limited() const { return requests_per_second_ || devices_per_minute_; }

  /// No chunk may go before, however few devices it has.
  SteadyTime next_send_at() const { return next_send_at_; }
  /// A chunk of so many devices may go then.
  SteadyTime next_send_at(int devices) const;

  void sent(SteadyTime now, int devices);

  /// Somebody may have sent of the run until a moment ago, and nobody knows how much: its minute has to pass.
  void begin_after_another(SteadyTime now);

 private:
  struct Send {
    SteadyTime at;
    int devices = 0;
  };

  std::optional<double> requests_per_second_;
  std::optional<double> devices_per_minute_;
  SteadyTime next_send_at_;
  std::deque<Send> of_last_minute_;  ///< only if devices are limited
};

}  // namespace sluice
