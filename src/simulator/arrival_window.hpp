// SPDX-License-Identifier: MIT
// The quota as a sliding window over arrivals, and the question how many arrivals any window held.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <vector>

namespace sluice::simulator {

/// Admits N in any second for a rate of N. (For a rate that is no whole number: floor(rate), but at least 1,
/// in any window that is as long as the rate gives them.) Refused arrivals use up nothing, or a busy sender
/// would never be served again. Windows are half open: two arrivals exactly one window apart share none.
class QuotaWindow {
 public:
  explicit QuotaWindow(double requests_per_second);

  /// @param at never earlier than in the call before
  bool admit(std::chrono::nanoseconds at);

 private:
  std::size_t limit_;
  std::chrono::nanoseconds length_;
  std::deque<std::chrono::nanoseconds> admitted_;
};

/// The most that any half-open window of this length holds. @param arrivals in ascending order
std::size_t most_in_any_window(const std::vector<std::chrono::nanoseconds>& arrivals,
                               std::chrono::nanoseconds length);

}  // namespace sluice::simulator
