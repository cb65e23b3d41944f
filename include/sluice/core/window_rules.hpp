// SPDX-License-Identifier: MIT
// When a run may send. One rule, whatever the clocks of its zone do that night: a window is open while a
// clock on the wall there shows a time of day in one of its spans. So a span in an hour that is left out in
// spring does not come that day, and a span in an hour that comes twice in autumn is open both times.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sluice/core/send_window.hpp"
#include "sluice/core/time.hpp"

namespace sluice {

struct WindowState {
  bool is_open = true;
  UtcTime changes_at = UtcTime::max();  ///< the first instant of the other state; max(): it stays like this

  bool operator==(const WindowState&) const = default;
};

/// Cheap enough to be asked before every send: the zones are read once a process.
/// Precondition: is_known_zone(window.zone).
WindowState window_at(const SendWindow& window, UtcTime now);

/// Now if it is open, or when it opens next; absent: never.
std::optional<UtcTime> opens_from(const SendWindow& window, UtcTime now);

/// Whether a time of day is in both. Spans that touch have none in common.
bool overlap(const DailySpan& a, const DailySpan& b);

/// "01:00-05:00"; the reverse of parse_daily_span.
std::string to_string(const DailySpan& span);

/// Reads "01:00-05:00": two times from 00:00 on, the second one up to 24:00. One that is not later than the
/// first is the next day's. Absent: it does not read like that, or the two are the same, which is no time at
/// all.
std::optional<DailySpan> parse_daily_span(std::string_view text);

}  // namespace sluice
