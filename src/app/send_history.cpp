// SPDX-License-Identifier: MIT
#include "app/send_history.hpp"

#include <algorithm>
#include <chrono>

namespace sluice {
namespace {

std::int64_t second_of(UtcTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

std::size_t slot_of(std::int64_t second) {
  return static_cast<std::size_t>(second % (SendHistory::seconds_kept + 1));
}

}  // namespace

SendHistory::SendHistory(UtcTime begin) : begin_(second_of(begin)) {}

void SendHistory::note(UtcTime at) {
  const std::int64_t second = std::max<std::int64_t>(0, second_of(at));
  // A clock that was set back begins the history anew, or nothing would be told until it has caught up.
  begin_ = std::min(begin_, second);
  Slot& slot = slots_[slot_of(second)];
  if (slot.second != second) slot = {.second = second};
  ++slot.sends;
}

SendCounts SendHistory::counts(UtcTime now, std::optional<std::int64_t> since) const {
  const std::int64_t end = std::max<std::int64_t>(0, second_of(now));
  const std::int64_t first =
      std::min(end, std::max({begin_, end - seconds_kept, since.value_or(0), std::int64_t{0}}));
  SendCounts told{.first_second = first, .counts = {}};
  for (std::int64_t second = first; second < end; ++second) {
    const Slot& slot = slots_[slot_of(second)];
    told.counts.push_back(slot.second == second ? slot.sends : 0);
  }
  return told;
}

}  // namespace sluice
