// SPDX-License-Identifier: MIT
// How long the server asks us to wait, out of the headers that clouds and front-ends use for it.
#pragma once

#include <chrono>
#include <optional>

#include "sluice/core/time.hpp"
#include "sluice/transport/http_message.hpp"

namespace sluice {

struct RetryHint {
  std::chrono::milliseconds wait{0};  ///< the longest of the hints, clamped to 1 s … 15 min
  bool is_rate_limit = false;  ///< one of the API's own headers says so, not only the general Retry-After
};

/// Absent when no header gives a usable hint: zero, negative and unreadable values do not count.
/// @param now what a Retry-After date is measured against if the answer has no Date of its own
std::optional<RetryHint> read_retry_hint(const HttpResponse& response, UtcTime now);

}  // namespace sluice
