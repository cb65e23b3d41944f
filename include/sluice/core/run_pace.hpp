// SPDX-License-Identifier: MIT
// A run's own pace, below its account's: requests a second, and devices a minute. After a chunk the next one
// waits until what was sent is paid for, so no minute holds more devices than are allowed.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "sluice/core/time.hpp"

namespace sluice {

class RunPace {
 public:
  RunPace(std::optional<double> requests_per_second, std::optional<double> devices_per_minute)
      : requests_per_second_(requests_per_second), devices_per_minute_(devices_per_minute) {}

  /// Whether there is anything to wait for at all.
  bool is_limited() const { return requests_per_second_ || devices_per_minute_; }

  SteadyTime next_send_at() const { return next_send_at_; }

  void sent(SteadyTime now, int devices) {
    if (requests_per_second_)
      next_send_at_ = std::max(next_send_at_, now + seconds(1 / *requests_per_second_));
    if (devices_per_minute_)
      next_send_at_ = std::max(next_send_at_, now + seconds(60.0 * devices / *devices_per_minute_));
  }

 private:
  static std::chrono::nanoseconds seconds(double count) {
    return std::chrono::ceil<std::chrono::nanoseconds>(std::chrono::duration<double>(count));
  }

  std::optional<double> requests_per_second_;
  std::optional<double> devices_per_minute_;
  SteadyTime next_send_at_;
};

}  // namespace sluice
