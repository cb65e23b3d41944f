// SPDX-License-Identifier: MIT
#include "sluice/core/run_pace.hpp"

#include <algorithm>

#include "sluice/core/mutation.hpp"

namespace sluice {
namespace {

std::chrono::nanoseconds seconds(double count) {
  return std::chrono::ceil<std::chrono::nanoseconds>(std::chrono::duration<double>(count));
}

}  // namespace

SteadyTime RunPace::next_send_at(int devices) const {
  if (!devices_per_minute_ || is_seeded(Mutation::minute_not_kept)) return spread_from_;
  // The newest sends that fit into a minute together with this one stay; the one before them has to be over.
  double room = *devices_per_minute_ - devices;
  for (auto send = last_minute_.rbegin(); send != last_minute_.rend(); ++send) {
    room -= send->devices;
    if (room < 0) return std::max(spread_from_, send->at + std::chrono::minutes{1});
  }
  return spread_from_;
}

void RunPace::sent(SteadyTime now, int devices) {
  if (requests_per_second_) spread_from_ = std::max(spread_from_, now + seconds(1 / *requests_per_second_));
  if (!devices_per_minute_) return;
  spread_from_ = std::max(spread_from_, now + seconds(60.0 * devices / *devices_per_minute_));
  last_minute_.push_back({now, devices});
  while (last_minute_.front().at + std::chrono::minutes{1} <= now) last_minute_.pop_front();
}

}  // namespace sluice
