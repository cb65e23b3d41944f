// SPDX-License-Identifier: MIT
#include "sluice/core/pacer.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace sluice {
namespace {

using Duration = Pacer::Duration;
using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Until this many answers are in, the fastest path is not known well enough to subtract it.
constexpr int answers_before_trust = 30;
// The fastest and the spread are taken over this many recent answers.
constexpr std::size_t rtts_kept = 512;
// One request's excess holds the window back by at most this much: a single stuck exchange must not stop the
// tenant.
constexpr Duration excess_max = milliseconds{500};
// A pair of clock reading and first byte is not atomic; nor is the server's.
constexpr Duration guard = std::chrono::microseconds{200};
// After a throttle the rate doubles about every ten seconds, so full speed is back within a minute.
constexpr double recovery_per_second = 0.07;

Duration from_seconds(double value) { return duration_cast<Duration>(std::chrono::duration<double>(value)); }

}  // namespace

Pacer::Pacer(double requests_per_second, SteadyTime start)
    : limit_(requests_per_second),
      per_window_(std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(requests_per_second)))),
      window_(from_seconds(static_cast<double>(per_window_) / requests_per_second)),
      not_before_(start) {
  assert(requests_per_second > 0);
}

SteadyTime Pacer::next_send_at() const {
  if (sends_.empty()) return not_before_;
  const SteadyTime last = sends_.back().at;
  SteadyTime next = std::max(not_before_, last + spacing_at(last));
  if (static_cast<std::int64_t>(sends_.size()) == per_window_) {
    const Send& oldest = sends_.front();
    next = std::max(next, oldest.at + window_ + guard + excess_of(oldest));
  }
  return next;
}

std::uint64_t Pacer::sent(SteadyTime now) {
  sends_.push_back({now, std::nullopt});
  if (static_cast<std::int64_t>(sends_.size()) > per_window_) {
    sends_.pop_front();
    ++first_send_;
  }
  return first_send_ + sends_.size() - 1;
}

void Pacer::answered(std::uint64_t send, SteadyTime now) {
  if (send < first_send_) return;
  Send& answered_send = sends_[send - first_send_];
  answered_send.rtt = now - answered_send.at;
  learn(*answered_send.rtt);
}

void Pacer::throttled(SteadyTime now, std::optional<Duration> hint) {
  slowed_to_ = rate_at(now) / 2;
  slowed_at_ = now;
  not_before_ = std::max(not_before_, now + hint.value_or(Duration{0}));
}

double Pacer::rate_at(SteadyTime now) const {
  if (slowed_to_ == 0) return limit_;
  const double quiet_seconds = std::chrono::duration<double>(now - slowed_at_).count();
  return std::min(limit_, slowed_to_ * std::exp(recovery_per_second * std::max(0.0, quiet_seconds)));
}

Duration Pacer::spacing_at(SteadyTime now) const { return from_seconds(1.0 / rate_at(now)); }

Duration Pacer::excess_of(const Send& send) const {
  const Duration excess = send.rtt ? *send.rtt - fastest_ : spread_;
  return std::clamp(excess, Duration{0}, excess_max);
}

void Pacer::learn(Duration rtt) {
  recent_rtts_.push_back(rtt);
  if (recent_rtts_.size() > rtts_kept) recent_rtts_.pop_front();
  ++answers_;
  const auto [fastest, slowest] = std::minmax_element(recent_rtts_.begin(), recent_rtts_.end());
  spread_ = *slowest - (answers_ >= answers_before_trust ? *fastest : Duration{0});
  if (answers_ >= answers_before_trust) fastest_ = *fastest;
}

}  // namespace sluice
