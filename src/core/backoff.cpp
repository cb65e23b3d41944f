// SPDX-License-Identifier: MIT
#include "sluice/core/backoff.hpp"

#include <algorithm>

namespace sluice {

std::chrono::milliseconds backoff_delay(const RetryPolicy& policy, int attempt, double jitter) {
  // 2^20 times any base is past any cap that a job file can hold.
  const int doublings = std::clamp(attempt - 1, 0, 20);
  const std::chrono::milliseconds ceiling =
      std::min(policy.cap, policy.base * (std::int64_t{1} << doublings));
  return std::chrono::milliseconds{static_cast<std::int64_t>(static_cast<double>(ceiling.count()) * jitter)};
}

}  // namespace sluice
