// SPDX-License-Identifier: MIT
#include "sluice/core/pacer.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "sluice/core/mutation.hpp"

namespace sluice {
namespace {

using Duration = Pacer::Duration;
using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;

// Until this many answers are in, the fastest path is not known well enough to subtract anything.
constexpr std::size_t answers_before_trust = 10;
// The fastest and the spread are taken over this many recent answers.
constexpr std::size_t rtts_kept = 512;
// The fastest answer seen is slower than the fastest there can be: by more the more answers differ, and the
// fewer there are. This share of the distance between the fastest and the 90th percentile is taken off, or,
// as long as it is more, this many answers' worth of it.
constexpr double doubt_of_fastest = 0.2;
constexpr double answers_worth_of_doubt = 20;
// One request's excess holds the window back by at most this much: a single stuck exchange must not stop the
// tenant.
constexpr Duration excess_max = milliseconds{500};
// Reading the clock and handing over the first byte are two things, here and at the server.
constexpr Duration guard_min = microseconds{200};
constexpr Duration guard_step = milliseconds{25};
constexpr Duration guard_max = milliseconds{100};
// After a throttle the extra guard halves in ten seconds.
constexpr double recovery_per_second = 0.0693;
constexpr double slowest_share_of_limit = 0.1;
// What had been sent in the second before the throttle was too much by little: so far the way back is quick,
// it doubles in two seconds. There it rests, because a try costs a throttle. Beyond, it doubles in ten
// seconds.
constexpr double share_to_rest_at = 0.95;
constexpr double seconds_to_double_quickly = 2;
constexpr double seconds_to_rest = 10;
constexpr double seconds_to_double_slowly = 10;
// A single throttle is a poor witness: bursts of others, and requests that only arrive together.
constexpr double weight_of_newest_throttle = 0.5;
constexpr std::chrono::seconds others_remembered_for{60};

// More sends than this are not remembered, whatever the rate.
constexpr double sends_per_window_max = 1000;

// At a high rate the window is a half, a third … of a second. What is not too much in each of the parts is
// not too much in the whole.
double windows_per_second(double requests_per_second) {
  return std::max(1.0, std::ceil(requests_per_second / sends_per_window_max));
}

std::size_t sends_per_window(double requests_per_second) {
  return static_cast<std::size_t>(
      std::max(1.0, std::ceil(requests_per_second / windows_per_second(requests_per_second))));
}

Duration from_seconds(double value) { return duration_cast<Duration>(std::chrono::duration<double>(value)); }
double to_seconds(Duration value) { return std::chrono::duration<double>(value).count(); }

}  // namespace

Pacer::Pacer(double requests_per_second, SteadyTime start, double account_limit)
    : limit_(requests_per_second),
      per_window_(sends_per_window(requests_per_second)),
      window_(from_seconds(static_cast<double>(per_window_) / requests_per_second)),
      not_before_(start),
      account_limit_(std::max(account_limit, requests_per_second)) {
  assert(requests_per_second > 0);
}

SteadyTime Pacer::next_send_at() const {
  if (sends_.empty()) return not_before_;
  const SteadyTime last = sends_.back().at;
  if (is_seeded(Mutation::fixed_window)) {
    const auto second = std::chrono::floor<std::chrono::seconds>(sends_.front().at);
    return std::max(not_before_,
                    SteadyTime{second + std::chrono::seconds{sends_.size() == per_window_ ? 1 : 0}});
  }
  SteadyTime next = std::max(not_before_, last + from_seconds(1.0 / rate_at(last)));
  if (sends_.size() == per_window_) {
    const Send& oldest = sends_.front();
    next = std::max(next, oldest.at + window_ + guard_at(last) + excess_of(oldest));
  }
  return next;
}

std::uint64_t Pacer::sent(SteadyTime now) {
  assert(now >= next_send_at());
  sends_.push_back({now, sent_per_second_before(now), std::nullopt});
  if (sends_.size() > per_window_) {
    sends_.pop_front();
    ++first_send_;
  }
  return first_send_ + sends_.size() - 1;
}

void Pacer::answered(std::uint64_t send, SteadyTime now) {
  const std::optional<SteadyTime> sent_at = time_of(send);
  if (!sent_at) return;  // Older than a window: it holds nothing back any more.
  sends_[send - first_send_].rtt = now - *sent_at;
  learn(now - *sent_at);
}

void Pacer::throttled(std::uint64_t send, SteadyTime now, std::optional<Duration> hint) {
  not_before_ = std::max(not_before_, now + hint.value_or(Duration{0}));
  const std::optional<SteadyTime> sent_at = time_of(send);
  const bool already_heeded = slowed_to_ > 0 && (!sent_at || *sent_at < slowed_at_);
  if (already_heeded) return;
  const double rate = rate_at(now);
  const double ours = sent_at ? sends_[send - first_send_].per_second_before : rate;
  const double others_now = std::max(0.0, account_limit_ - ours);
  others_ = others_ ? std::lerp(others_at(now), others_now, weight_of_newest_throttle) : others_now;
  extra_guard_ = std::min(guard_max, guard_at(now) - guard_min + guard_step);
  slowed_to_ = std::max(rate / 2, limit_ * slowest_share_of_limit);
  resting_at_ = std::max(slowed_to_, std::min(rate, ours) * share_to_rest_at);
  slowed_at_ = now;
}

double Pacer::rate_at(SteadyTime now) const {
  if (slowed_to_ == 0) return limit_;
  double seconds = std::max(0.0, to_seconds(now - slowed_at_));
  const double seconds_to_return = seconds_to_double_quickly * std::log2(resting_at_ / slowed_to_);
  if (seconds < seconds_to_return) return slowed_to_ * std::exp2(seconds / seconds_to_double_quickly);
  seconds = std::max(0.0, seconds - seconds_to_return - seconds_to_rest);
  return std::min(limit_, resting_at_ * std::exp2(seconds / seconds_to_double_slowly));
}

SteadyTime Pacer::full_rate_from() const {
  return slowed_at_ +
         from_seconds(seconds_to_double_quickly * std::log2(resting_at_ / slowed_to_) + seconds_to_rest +
                      seconds_to_double_slowly * std::log2(limit_ / resting_at_));
}

double Pacer::others_at(SteadyTime now) const {
  if (!others_) return 0;
  const Duration unthrottled = std::max(Duration{0}, now - full_rate_from());
  return *others_ * std::max(0.0, 1 - to_seconds(unthrottled) / to_seconds(others_remembered_for));
}

double Pacer::sent_per_second_before(SteadyTime time) const {
  const auto first = std::ranges::upper_bound(sends_, time - window_, {}, &Send::at);
  return static_cast<double>(sends_.end() - first) / to_seconds(window_);
}

Duration Pacer::guard_at(SteadyTime now) const {
  return guard_min + duration_cast<Duration>(extra_guard_ / recovered_since_slowdown(now));
}

double Pacer::recovered_since_slowdown(SteadyTime now) const {
  return std::exp(recovery_per_second * std::max(0.0, to_seconds(now - slowed_at_)));
}

void Pacer::set_limit(SteadyTime now, double requests_per_second, double account_limit) {
  assert(requests_per_second > 0);
  account_limit_ = std::max(account_limit, requests_per_second);
  if (requests_per_second == limit_) return;
  const bool was_sending = !sends_.empty();
  if (requests_per_second > limit_ && was_sending)
    not_before_ = std::max(not_before_, std::max(now, sends_.back().at) + std::chrono::seconds{1});
  limit_ = requests_per_second;
  per_window_ = sends_per_window(limit_);
  window_ = from_seconds(static_cast<double>(per_window_) / limit_);
  slowed_to_ = std::min(slowed_to_, limit_);
  resting_at_ = std::min(resting_at_, limit_);
  for (; sends_.size() > per_window_; ++first_send_) sends_.pop_front();
}

std::optional<SteadyTime> Pacer::time_of(std::uint64_t send) const {
  if (send < first_send_) return std::nullopt;
  return sends_[send - first_send_].at;
}

Duration Pacer::excess_of(const Send& send) const {
  const Duration excess = send.rtt ? *send.rtt - fastest_ : spread_;
  return std::clamp(excess, Duration{0}, excess_max);
}

// The recent ones are also kept in order, each put in its place when it comes: to sort them anew for every
// answer would be the most expensive part of a send.
void Pacer::learn(Duration rtt) {
  std::vector<Duration>& sorted = recent_rtts_in_order_;
  recent_rtts_.push_back(rtt);
  sorted.insert(std::upper_bound(sorted.begin(), sorted.end(), rtt), rtt);
  if (recent_rtts_.size() > rtts_kept) {
    sorted.erase(std::lower_bound(sorted.begin(), sorted.end(), recent_rtts_.front()));
    recent_rtts_.pop_front();
  }

  if (sorted.size() >= answers_before_trust) {
    const Duration usual_spread = sorted[sorted.size() * 9 / 10] - sorted.front();
    const double doubt =
        std::max(doubt_of_fastest, answers_worth_of_doubt / static_cast<double>(sorted.size()));
    fastest_ = std::max(Duration{0}, sorted.front() - duration_cast<Duration>(usual_spread * doubt));
  }
  spread_ = sorted.back() - fastest_;
}

}  // namespace sluice
