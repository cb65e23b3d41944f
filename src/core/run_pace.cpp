// SPDX-License-Identifier: MIT
#include "sluice/core/run_pace.hpp"

#include <algorithm>

#include "sluice/core/mutation.hpp"

namespace sluice {
namespace {

constexpr std::chrono::minutes minute{1};

std::chrono::nanoseconds seconds(double count) {
  return std::chrono::ceil<std::chrono::nanoseconds>(std::chrono::duration<double>(count));
}

}  // namespace

SteadyTime RunPace::next_send_at(int devices) const {
  SteadyTime at = next_send_at_;
  if (!devices_per_minute_ || is_seeded(Mutation::minute_not_kept)) return at;
  double there = devices;
  for (const Send& send : of_last_minute_) there += send.devices;
  for (const Send& send : of_last_minute_) {
    if (there <= *devices_per_minute_) break;
    at = std::max(at, send.at + minute);
    there -= send.devices;
  }
  return at;
}

void RunPace::sent(SteadyTime now, int devices) {
  if (requests_per_second_) next_send_at_ = std::max(next_send_at_, now + seconds(1 / *requests_per_second_));
  if (!devices_per_minute_) return;
  next_send_at_ = std::max(next_send_at_, now + seconds(60.0 * devices / *devices_per_minute_));
  while (!of_last_minute_.empty() && of_last_minute_.front().at <= now - minute) of_last_minute_.pop_front();
  of_last_minute_.push_back({now, devices});
}

void RunPace::begin_after_another(SteadyTime now) {
  if (devices_per_minute_) next_send_at_ = std::max(next_send_at_, now + minute);
}

}  // namespace sluice
