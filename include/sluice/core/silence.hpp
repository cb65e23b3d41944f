// SPDX-License-Identifier: MIT
// How long who comes next must be silent, because the one before may have sent until a moment ago: the
// account's limit holds over processes.
#pragma once

#include <algorithm>
#include <chrono>

namespace sluice {

/// One window of that rate, and the most by which the last request before may have been late.
inline std::chrono::nanoseconds silence_needed(double requests_per_second) {
  constexpr std::chrono::milliseconds lateness{500};
  const std::chrono::duration<double> window{std::max(1.0, 1.0 / requests_per_second)};
  return std::chrono::duration_cast<std::chrono::nanoseconds>(window) + lateness;
}

}  // namespace sluice
