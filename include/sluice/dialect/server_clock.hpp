// SPDX-License-Identifier: MIT
// How far our wall clock is from the server's, by the Date of its answers. That an identical replay is
// refused once it is too old rests on the two clocks: on one that is wrong, nothing is sent.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/core/time.hpp"
#include "sluice/transport/http_message.hpp"

namespace sluice {

/// What the account is paused by when our clock is further off than this. The word begins its reason.
inline constexpr std::chrono::seconds clock_offset_max{60};
inline constexpr std::string_view clock_offset_word = "clock_offset";

/// The least that our clock must be off for this answer, positive if it is ahead: a Date has whole seconds,
/// and when between sending and receiving it was written is unknown. 0: the clocks may agree. Absent: no Date
/// that can be read.
std::optional<std::chrono::milliseconds> clock_offset(const HttpResponse& response, UtcTime sent_at,
                                                      UtcTime received_at);

/// Why nothing is sent, and what to do. Absent: the clock is right enough.
std::optional<std::string> wrong_clock_reason(std::optional<std::chrono::milliseconds> offset);

}  // namespace sluice
