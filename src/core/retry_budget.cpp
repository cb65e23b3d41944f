// SPDX-License-Identifier: MIT
#include "sluice/core/retry_budget.hpp"

#include <algorithm>

namespace sluice {
namespace {

std::int64_t number_of(SteadyTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

}  // namespace

void RetryBudget::sent(SteadyTime now, bool is_retry) {
  const std::int64_t number = number_of(now);
  Second& second = seconds_[static_cast<std::size_t>(number) % seconds_.size()];
  if (second.number != number) second = {.number = number};
  ++second.sends;
  if (is_retry) ++second.retries;
}

// The oldest second is only in part within the window: its retries count and its other sends do not, so that
// what is promised of two minutes is true of the exact two minutes before each retry.
int RetryBudget::room(SteadyTime now) const {
  const std::int64_t newest = number_of(now);
  int sends = 0;
  int retries = 0;
  for (const Second& second : seconds_) {
    const std::int64_t age = newest - second.number;
    if (second.number < 0 || age > window.count()) continue;
    retries += second.retries;
    if (age < window.count()) sends += second.sends;
  }
  return std::max(0, std::max(retries_always, sends / sends_per_retry) - retries);
}

SteadyTime RetryBudget::room_from(SteadyTime now) const {
  SteadyTime time = now;
  // Once the window has passed over everything, there is room for three; so this ends.
  while (room(time) == 0) time = std::chrono::floor<std::chrono::seconds>(time) + std::chrono::seconds{1};
  return time;
}

}  // namespace sluice
