// SPDX-License-Identifier: MIT
#include "sluice/core/window_rules.hpp"

#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace sluice {
namespace {

using std::chrono::microseconds;
using std::chrono::minutes;

constexpr minutes day = std::chrono::days{1};
// The longest that one state can last: no zone has ever left out more than a day, and it may be the day
// before or after one of which the window is a part.
constexpr std::chrono::days longest_state{8};

/// The same span without the midnight inside it: one part, or two.
struct Parts {
  std::array<std::pair<minutes, minutes>, 2> of;
  std::size_t count = 1;
};

Parts parts_of(const DailySpan& span) {
  if (span.from < span.to) return {{{{span.from, span.to}}}, 1};
  return {{{{span.from, day}, {minutes{0}, span.to}}}, 2};
}

bool is_within(const DailySpan& span, microseconds time_of_day) {
  if (span.from < span.to) return time_of_day >= span.from && time_of_day < span.to;
  return time_of_day >= span.from || time_of_day < span.to;
}

bool is_within(const SendWindow& window, microseconds time_of_day) {
  return std::ranges::any_of(window.allow,
                             [&](const DailySpan& span) { return is_within(span, time_of_day); });
}

minutes length_of(const DailySpan& span) {
  return span.from < span.to ? span.to - span.from : day - span.from + span.to;
}

bool is_all_day(const SendWindow& window) {
  minutes sum{0};
  for (const DailySpan& span : window.allow) sum += length_of(span);
  return sum >= day;
}

microseconds time_of_day(UtcTime local) {
  return local.time_since_epoch() - std::chrono::floor<std::chrono::days>(local).time_since_epoch();
}

/// The next time of day, later than this one, at which a span begins or ends; a whole day later at most.
microseconds to_next_edge(const SendWindow& window, microseconds time_of_day) {
  microseconds nearest = day;
  for (const DailySpan& span : window.allow) {
    for (const minutes edge : {span.from, span.to}) {
      const microseconds ahead = edge - time_of_day;
      nearest = std::min(nearest, ahead > microseconds{0} ? ahead : ahead + day);
    }
  }
  return nearest;
}

/// As long as the zone's clocks are not set, local time and ours run side by side.
struct Stretch {
  std::chrono::seconds offset;
  UtcTime until;
};

Stretch stretch_at(const date::time_zone& zone, UtcTime now) {
  const date::sys_info found = zone.get_info(now);
  // The last stretch of a zone ends in the year 32767, which does not fit in microseconds.
  constexpr auto last = std::chrono::floor<std::chrono::seconds>(UtcTime::max());
  return {found.offset, UtcTime{std::min(found.end, last)}};
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// "HH:MM", up to 24:00.
std::optional<minutes> parse_time_of_day(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  for (const std::size_t i : {0U, 1U, 3U, 4U}) {
    if (!is_digit(text[i])) return std::nullopt;
  }
  const auto number_at = [text](std::size_t i) { return (text[i] - '0') * 10 + (text[i + 1] - '0'); };
  const minutes time{number_at(0) * 60 + number_at(3)};
  if (number_at(3) > 59 || time > day) return std::nullopt;
  return time;
}

}  // namespace

WindowState window_at(const SendWindow& window, UtcTime now) {
  if (is_all_day(window)) return {};
  const date::time_zone& zone = *date::locate_zone(window.zone);
  WindowState state;
  for (UtcTime at = now; at < now + longest_state;) {
    const Stretch stretch = stretch_at(zone, at);
    const microseconds local = time_of_day(at + stretch.offset);
    const bool is_open = is_within(window, local);
    if (at == now) {
      state.is_open = is_open;
    } else if (is_open != state.is_open) {
      state.changes_at = at;
      return state;
    }
    at = std::min(at + to_next_edge(window, local), stretch.until);
  }
  return state;
}

std::optional<UtcTime> opens_from(const SendWindow& window, UtcTime now) {
  const WindowState state = window_at(window, now);
  if (state.is_open) return now;
  if (state.changes_at == UtcTime::max()) return std::nullopt;
  return state.changes_at;
}

bool overlap(const DailySpan& a, const DailySpan& b) {
  const Parts parts_a = parts_of(a);
  const Parts parts_b = parts_of(b);
  for (std::size_t i = 0; i < parts_a.count; ++i) {
    for (std::size_t j = 0; j < parts_b.count; ++j) {
      const auto& [from_a, to_a] = parts_a.of[i];
      const auto& [from_b, to_b] = parts_b.of[j];
      if (std::max(from_a, from_b) < std::min(to_a, to_b)) return true;
    }
  }
  return false;
}

std::string to_string(const DailySpan& span) {
  const auto clock_text = [](minutes time) {
    return fmt::format("{:02}:{:02}", time.count() / 60, time.count() % 60);
  };
  return clock_text(span.from) + "-" + clock_text(span.to);
}

std::optional<DailySpan> parse_daily_span(std::string_view text) {
  const std::size_t dash = std::min(text.find('-'), text.size());
  const std::optional<minutes> from = parse_time_of_day(text.substr(0, dash));
  const std::optional<minutes> to = parse_time_of_day(text.substr(std::min(dash + 1, text.size())));
  if (!from || !to || *from == day || *from == *to) return std::nullopt;
  // Midnight is the end of the day that the span began on, in whichever way it was written.
  return DailySpan{*from, *to == minutes{0} ? day : *to};
}

}  // namespace sluice
