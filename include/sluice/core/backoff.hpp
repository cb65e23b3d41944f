// SPDX-License-Identifier: MIT
// How long a chunk waits before it is tried again: exponential, with full jitter.
#pragma once

#include <chrono>

#include "sluice/core/job.hpp"

namespace sluice {

/// Uniform between 0 and min(cap, base · 2^(attempt − 1)), chosen by jitter in [0, 1).
/// @param attempt the attempt that just failed; starts at 1
std::chrono::milliseconds backoff_delay(const RetryPolicy& policy, int attempt, double jitter);

}  // namespace sluice
