// SPDX-License-Identifier: MIT
// A run's own pace, below its account's: requests a second, and devices a minute. Two conditions, as for an
// account: sends are spread evenly, and no minute holds more devices than are allowed.
#pragma once

#include <chrono>
#include <cstdint>
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

  /// When a chunk of so many devices may go. One that is larger than a minute's devices never may; a job that
  /// would have such chunks is refused when it is read.
  SteadyTime next_send_at(int devices) const;

  void sent(SteadyTime now, int devices);

  /// Requests a second from now on; absent: not limited.
  void slow_down_to(std::optional<double> requests_per_second) { requests_per_second_ = requests_per_second; }

  /// An earlier process may have sent a minute's devices up to now.
  void begin_after_others(SteadyTime now) {
    if (devices_per_minute_) spread_from_ = now + std::chrono::minutes{1};
  }

 private:
  struct Send {
    SteadyTime at;
    int devices = 0;
  };

  std::optional<double> requests_per_second_;
  std::optional<double> devices_per_minute_;
  SteadyTime spread_from_;        ///< what was sent is paid for by then
  std::deque<Send> last_minute_;  ///< oldest first
};

}  // namespace sluice
