// SPDX-License-Identifier: MIT
// How long who comes next must be silent, because the one before may have sent until a moment ago, or because
// the server has asked for it: limit and pauses belong to the account and hold over processes.
#pragma once

#include <algorithm>
#include <chrono>

#include "sluice/core/time.hpp"

namespace sluice {

/// A server's wish for silence counts for no longer than this.
inline constexpr std::chrono::minutes longest_silence_asked{15};

/// One window of that rate, and the most by which the last request before may have been late.
inline std::chrono::nanoseconds silence_needed(double requests_per_second) {
  constexpr std::chrono::milliseconds lateness{500};
  const std::chrono::duration<double> window{std::max(1.0, 1.0 / requests_per_second)};
  return std::chrono::duration_cast<std::chrono::nanoseconds>(window) + lateness;
}

/// What is left of a silence that was asked for; the wall clock may have been set back meanwhile.
inline std::chrono::nanoseconds silence_left(UtcTime asked_until, UtcTime now) {
  return std::clamp<std::chrono::nanoseconds>(asked_until - now, std::chrono::nanoseconds{0},
                                              longest_silence_asked);
}

}  // namespace sluice
