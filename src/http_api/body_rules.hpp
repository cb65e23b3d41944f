// SPDX-License-Identifier: MIT
// Whether the body that a request announces is one for its route, told before a byte of it is read.
#pragma once

#include <optional>

#include "http_api/api_limits.hpp"
#include "http_api/api_message.hpp"
#include "http_api/request_head.hpp"
#include "http_api/router.hpp"

namespace sluice {

/// Absent: it may come. 400, 413 or 415.
std::optional<ApiAnswer> objection_to_body(const Route& route, const RequestHead& head,
                                           const ApiLimits& limits);

}  // namespace sluice
