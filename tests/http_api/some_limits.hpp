// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>

#include "http_api/api_limits.hpp"

namespace sluice::tests {

/// No two alike, so that it shows which one was applied.
inline constexpr ApiLimits some_limits{.header_time = std::chrono::seconds{5},
                                       .body_time = std::chrono::seconds{10},
                                       .bytes_per_second_min = 1000,
                                       .idle_time = std::chrono::seconds{60},
                                       .write_time = std::chrono::seconds{20},
                                       .farewell_time = std::chrono::seconds{2}};

}  // namespace sluice::tests
