// SPDX-License-Identifier: MIT
// One reading of the server's two clocks, passed to everything that judges by time.
#pragma once

#include <chrono>

namespace sluice::simulator {

struct Moment {
  std::chrono::nanoseconds since_start{};             ///< monotonic, from the server's start
  std::chrono::sys_time<std::chrono::seconds> utc{};  ///< the true time; clock skew is added by the cloud
};

}  // namespace sluice::simulator
