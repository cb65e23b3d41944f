// SPDX-License-Identifier: MIT
#include "arrival_window.hpp"

#include <algorithm>
#include <cmath>

namespace sluice::simulator {

QuotaWindow::QuotaWindow(double requests_per_second)
    : limit_{static_cast<std::size_t>(std::max(1.0, std::floor(requests_per_second)))},
      length_{std::llround(1e9 * static_cast<double>(limit_) / requests_per_second)} {}

bool QuotaWindow::admit(std::chrono::nanoseconds at) {
  while (!admitted_.empty() && admitted_.front() <= at - length_) admitted_.pop_front();
  if (admitted_.size() >= limit_) return false;
  admitted_.push_back(at);
  return true;
}

std::size_t most_in_any_window(const std::vector<std::chrono::nanoseconds>& arrivals,
                               std::chrono::nanoseconds length) {
  // A fullest window can be moved to the right until it begins at an arrival, without losing one.
  std::size_t most = 0;
  std::size_t end = 0;
  for (std::size_t begin = 0; begin < arrivals.size(); ++begin) {
    while (end < arrivals.size() && arrivals[end] < arrivals[begin] + length) ++end;
    most = std::max(most, end - begin);
  }
  return most;
}

}  // namespace sluice::simulator
