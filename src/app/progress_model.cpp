// SPDX-License-Identifier: MIT
#include "app/progress_model.hpp"

#include <algorithm>
#include <cmath>

namespace sluice {
namespace {

using namespace std::chrono_literals;
using Seconds = std::chrono::duration<double>;

constexpr std::size_t sends_kept = 2048;
constexpr std::size_t finishes_kept = 100;
constexpr std::size_t finishes_of_late = 20;
constexpr std::size_t rtts_kept = 512;
// A hostile server could invent a new code with every answer.
constexpr std::size_t codes_kept = 32;
constexpr std::size_t code_bytes_max = 64;
constexpr std::size_t codes_shown = 5;
constexpr std::string_view other_codes = "(other codes)";

constexpr auto rate_window = 5s;
constexpr auto throttle_echo = 10s;
constexpr std::chrono::seconds eta_max = 99 * 24h;

template <class T>
void keep(std::deque<T>& values, T value, std::size_t limit) {
  values.push_back(value);
  if (values.size() > limit) values.pop_front();
}

// What was unfinished when watching began waits again, whatever it was doing.
StateCounts with_in_flight_as_pending(StateCounts counts) {
  counts.pending += counts.in_flight;
  counts.in_flight = 0;
  return counts;
}

// Where a settled chunk or its devices are counted; absent: it goes back to pending, or lives on in halves.
std::int64_t* place_of(StateCounts& counts, const Transition& transition) {
  switch (transition.state) {
    case ChunkState::succeeded:
      return transition.evidence == Evidence::presumed ? &counts.presumed : &counts.accepted;
    case ChunkState::failed:
      return &counts.failed;
    case ChunkState::in_doubt:
      return &counts.in_doubt;
    case ChunkState::canceled:
      return &counts.canceled;
    case ChunkState::pending:
    case ChunkState::in_flight:
    case ChunkState::split:
      return nullptr;
  }
  return nullptr;
}

std::int64_t count_since(const std::deque<SteadyTime>& times, SteadyTime since) {
  return std::distance(std::ranges::upper_bound(times, since), times.end());
}

double sends_per_second(const std::deque<SteadyTime>& sends, SteadyTime start, SteadyTime now) {
  SteadyTime since = std::max(start, now - rate_window);
  // More sends than we keep: measure over what is kept.
  if (sends.size() == sends_kept) since = std::max(since, sends.front());
  const double seconds = std::max(Seconds{now - since}.count(), 1.0);
  const std::int64_t count = count_since(sends, since);
  // From the first send on, the intervals count: twelve sends at eight a second take only eleven of them.
  const bool has_first = since == start && count > 0;
  return static_cast<double>(has_first ? count - 1 : count) / seconds;
}

// The rate of the last `count` finishes, measured up to now: a stall lowers it from the first moment on.
double finish_rate(const std::deque<SteadyTime>& finishes, std::size_t count, SteadyTime now) {
  const std::size_t taken = std::min(count, finishes.size());
  const double seconds = Seconds{now - finishes[finishes.size() - taken]}.count();
  return static_cast<double>(taken - 1) / std::max(seconds, 1e-3);
}

std::chrono::seconds time_for(double chunks, double per_second, bool round_up) {
  const double seconds = chunks / per_second;
  if (!(seconds < static_cast<double>(eta_max.count()))) return eta_max;
  return std::chrono::seconds{static_cast<std::int64_t>(round_up ? std::ceil(seconds) : std::floor(seconds))};
}

}  // namespace

ProgressModel::ProgressModel(const ProgressStart& start)
    : start_(start),
      devices_(with_in_flight_as_pending(start.devices)),
      chunks_(with_in_flight_as_pending(start.chunks)),
      pace_(start.rate) {
  if (chunks_left() == 0) finished_at_ = start.at;
}

void ProgressModel::sent(SteadyTime now) {
  ++requests_;
  halt_ = Halt::none;
  keep(sends_, now, sends_kept);
}

void ProgressModel::settled(const ProgressSettled& event) {
  if (event.was_replay) ++replays_;
  if (event.rtt) keep(rtts_, std::max(*event.rtt, 0ns), rtts_kept);
  if (event.outcome == OutcomeKind::throttled) {
    ++throttled_;
    last_throttle_ = event.at;
  }
  if (event.outcome != OutcomeKind::accepted) {
    remember_code(event.code.empty() ? to_string(event.outcome) : event.code);
  }
  if (event.transition.halt != Halt::none) halt_ = event.transition.halt;
  if (event.transition.state == ChunkState::pending && event.outcome != OutcomeKind::throttled &&
      event.transition.halt == Halt::none) {
    ++retries_;
  }

  move_devices(event.devices, event.transition);
  if (event.transition.state == ChunkState::split && chunks_.pending > 0) {
    ++chunks_.split;
    ++chunks_.pending;
  } else if (std::int64_t* place = place_of(chunks_, event.transition); place && chunks_.pending > 0) {
    ++*place;
    --chunks_.pending;
    keep(finishes_, event.at, finishes_kept);
  }
  if (chunks_left() == 0 && !finished_at_) finished_at_ = event.at;
}

// Never more than is left, so that the counts add up even if an event should come twice.
void ProgressModel::move_devices(std::int64_t devices, const Transition& transition) {
  const std::int64_t moved = std::clamp<std::int64_t>(devices, 0, devices_.pending);
  if (std::int64_t* place = place_of(devices_, transition)) {
    *place += moved;
    devices_.pending -= moved;
  }
}

void ProgressModel::in_flight(int requests, std::int64_t devices) {
  requests_in_flight_ = std::max(requests, 0);
  devices_in_flight_ = std::max<std::int64_t>(devices, 0);
}

void ProgressModel::pace(double requests_per_second) { pace_ = requests_per_second; }

void ProgressModel::remember_code(std::string_view code) {
  const std::string_view name = code.substr(0, code_bytes_max);
  const auto has_name = [](std::string_view wanted) {
    return [wanted](const CodeCount& known) { return known.code == wanted; };
  };
  auto found = std::ranges::find_if(codes_, has_name(name));
  if (found == codes_.end() && codes_.size() >= codes_kept) {
    found = std::ranges::find_if(codes_, has_name(other_codes));
    if (found == codes_.end()) found = codes_.insert(codes_.end(), {.code = std::string{other_codes}});
  } else if (found == codes_.end()) {
    found = codes_.insert(codes_.end(), {.code = std::string{name}});
  }
  ++found->attempts;
}

ProgressView ProgressModel::view(SteadyTime now) const {
  ProgressView view;
  view.run = start_.run;
  view.job_name = start_.job_name;
  view.tenant = start_.tenant;
  view.devices = devices_;
  view.devices.in_flight = std::min(devices_in_flight_, devices_.pending);
  view.devices.pending -= view.devices.in_flight;
  view.devices_total = total(view.devices);
  view.chunks_total = total(chunks_);
  view.chunks_done = view.chunks_total - chunks_left();
  view.requests = requests_;
  view.requests_in_flight = requests_in_flight_;
  view.sent_last_second = count_since(sends_, now - 1s);
  view.rate = sends_per_second(sends_, start_.at, now);
  view.rate_limit = start_.rate;
  view.account_limit = start_.account_limit;
  view.pace = pace_;
  view.others = others_;
  view.retries = retries_;
  view.replays = replays_;
  view.throttled = throttled_;
  if (!rtts_.empty()) view.latency = latencies();
  view.eta = eta(now);
  view.limited_by = limited_by(now);
  view.halt = halt_;
  view.finished = finished_at_.has_value();
  view.elapsed = std::max<std::chrono::nanoseconds>(finished_at_.value_or(now) - start_.at, 0ns);
  view.top_codes = top_codes();
  return view;
}

// A range, because two honest estimates differ: the chunks of late and those of a longer while. Neither is
// total/elapsed, which forgets neither the start nor a stall, and none is faster than the pace allows.
std::optional<EtaRange> ProgressModel::eta(SteadyTime now) const {
  if (finished_at_) return EtaRange{};
  if (halt_ != Halt::none || !(pace_ > 0) || is_waiting_ || will_wait_) return std::nullopt;
  const auto left = static_cast<double>(chunks_left());
  const Seconds patience{std::max(10.0, 5.0 / pace_)};
  const SteadyTime last = finishes_.empty() ? start_.at : finishes_.back();
  if (now - last > patience) return std::nullopt;

  if (finishes_.size() < 3) {
    // Nothing measured yet: the plan's own word, with a tenth on top for what may have to be repeated.
    return EtaRange{time_for(left, pace_, false), time_for(left * 1.1, pace_, true)};
  }
  const double of_late = finish_rate(finishes_, finishes_of_late, now);
  const double longer = finish_rate(finishes_, finishes_kept, now);
  const double fastest = std::min(pace_, std::max(of_late, longer));
  const double slowest = std::min(pace_, std::min(of_late, longer));
  return EtaRange{time_for(left, fastest, false), time_for(left, slowest, true)};
}

LimitedBy ProgressModel::limited_by(SteadyTime now) const {
  if (finished_at_) return LimitedBy::nothing;
  if (halt_ != Halt::none || is_waiting_) return LimitedBy::waiting;
  if (is_store_held_) return LimitedBy::store;
  if (is_endpoint_lost_) return LimitedBy::endpoint;
  if (are_retries_held_) return LimitedBy::retry_budget;
  const bool throttled_lately = last_throttle_ && now - *last_throttle_ < throttle_echo;
  if (throttled_lately || pace_ < 0.98 * start_.rate) return LimitedBy::throttled;
  const bool all_in_flight = start_.in_flight_max > 0 && requests_in_flight_ >= start_.in_flight_max;
  if (all_in_flight && sends_per_second(sends_, start_.at, now) < 0.9 * pace_) return LimitedBy::latency;
  const Seconds two_intervals{2 / std::max(pace_, 1e-3)};
  const SteadyTime last_send = sends_.empty() ? start_.at : sends_.back();
  if (now - last_send > std::max(two_intervals, Seconds{1})) return LimitedBy::waiting;
  return LimitedBy::request_rate;
}

// Nearest rank: the smallest value that at least so many of the kept ones do not exceed.
LatencyPercentiles ProgressModel::latencies() const {
  std::vector<std::chrono::nanoseconds> sorted(rtts_.begin(), rtts_.end());
  std::ranges::sort(sorted);
  const auto rank = [&](std::size_t percent) { return sorted[(sorted.size() * percent + 99) / 100 - 1]; };
  return {.p50 = rank(50), .p95 = rank(95)};
}

std::vector<CodeCount> ProgressModel::top_codes() const {
  std::vector<CodeCount> top = codes_;
  std::ranges::sort(top, [](const CodeCount& a, const CodeCount& b) {
    return a.attempts != b.attempts ? a.attempts > b.attempts : a.code < b.code;
  });
  if (top.size() > codes_shown) top.resize(codes_shown);
  return top;
}

}  // namespace sluice
