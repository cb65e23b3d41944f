// SPDX-License-Identifier: MIT
// The wall clock for verbs that run before or without a loop.
#pragma once

#include <chrono>

#include "sluice/core/time.hpp"

namespace sluice {

inline UtcTime system_now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

}  // namespace sluice
