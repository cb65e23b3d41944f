// SPDX-License-Identifier: MIT
// Durations as a job file writes them: a whole number and a unit.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

/// "500ms", "60s", "15m", "6h" or "2d"; not zero, no sign, no leading zero, and limited in digits for each
/// unit (at most 999999999ms, 9999999s, 999999m, 9999h, 999d), so that sums of them cannot overflow.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// The longest unit that measures it out: parse_duration() reads what it made of any duration that
/// parse_duration() has read.
std::string exact_duration_text(std::chrono::milliseconds duration);

}  // namespace sluice
