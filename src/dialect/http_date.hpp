// SPDX-License-Identifier: MIT
// The date of an HTTP header, in any of the three forms that there have been (RFC 9110, 5.6.7).
#pragma once

#include <optional>
#include <string_view>

#include "sluice/core/time.hpp"

namespace sluice {

/// Absent: not a date, or not one that there is.
std::optional<UtcTime> read_http_date(std::string_view text);

}  // namespace sluice
