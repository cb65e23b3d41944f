// SPDX-License-Identifier: MIT
// Percentages as a job file writes them.
#pragma once

#include <optional>
#include <string_view>

#include "sluice/core/rollout.hpp"

namespace sluice {

/// "5%" or "0.25%": 0 to 100, at most two digits behind the point, no sign, no blank.
std::optional<Percent> parse_percent(std::string_view text);

/// The same of a bare number, spelled as it stands in the file: "10", "2.5".
std::optional<Percent> parse_percent_number(std::string_view spelling);

}  // namespace sluice
