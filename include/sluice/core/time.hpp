// SPDX-License-Identifier: MIT
// The two clocks' readings. UtcTime is for signing, display and the record; SteadyTime for pacing and
// deadlines.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

using UtcTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

/// "2026-01-02T03:04:05Z": the form that the cloud's signature asks for.
std::string to_iso_seconds(UtcTime time);
/// The reverse; absent: it is not written exactly like that, or there is no such time.
std::optional<UtcTime> from_iso_seconds(std::string_view text);

/// "2026-01-02T03:04:05.678Z", RFC 3339 with milliseconds, for people and for JSON.
std::string to_rfc3339(UtcTime time);

inline std::int64_t to_microseconds(UtcTime time) { return time.time_since_epoch().count(); }
inline UtcTime from_microseconds(std::int64_t value) { return UtcTime{std::chrono::microseconds{value}}; }

}  // namespace sluice
