// SPDX-License-Identifier: MIT
#include "sluice/core/plan_time.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <deque>
#include <numeric>

#include "sluice/core/pacer.hpp"
#include "sluice/core/window_rules.hpp"

namespace sluice {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

// Any instant will do: only distances are told.
constexpr SteadyTime steady_start{std::chrono::hours{1}};
// Nobody waits for longer, and no arithmetic overflows before.
constexpr std::chrono::days horizon{3653};
// The pacer is asked for so many sends of a stage; by then its pace is steady, and the rest is a multiple of
// it.
constexpr std::int64_t sends_replayed_max = 20'000;
constexpr std::int64_t sends_averaged = 2'000;

nanoseconds from_seconds(double seconds) {
  const double longest = std::chrono::duration<double>(horizon).count();
  return std::chrono::ceil<nanoseconds>(std::chrono::duration<double>(std::min(seconds, longest)));
}

microseconds in_microseconds(nanoseconds time) { return std::chrono::round<microseconds>(time); }

/// Replays the sends of a run, stage by stage.
class Replay {
 public:
  Replay(const PlannedPace& pace, UtcTime start)
      : pace_(pace), start_(start), pacer_(pace.requests_per_second, steady_start) {}

  StageTime send(const PlannedStage& stage) {
    nanoseconds closed{0};
    StageTime time{.begins = since_start(now_), .ends = {}, .floors = {}};
    std::int64_t devices_left = stage.devices;
    std::deque<SteadyTime> last_sends;
    const std::int64_t replayed = std::min(stage.chunks, sends_replayed_max);
    for (std::int64_t i = 0; i < replayed && !is_endless_; ++i) {
      const std::int64_t devices = devices_in_chunk(stage, i, devices_left);
      devices_left -= devices;
      const SteadyTime at = next_send(closed);
      if (i == 0) time.begins = since_start(at);
      sent(at, devices);
      last_sends.push_back(at);
      if (std::ssize(last_sends) > sends_averaged + 1) last_sends.pop_front();
    }
    if (stage.chunks > replayed && !is_endless_) send_steadily(stage.chunks - replayed, last_sends, closed);
    drain();
    time.ends = since_start(now_);
    time.floors = floors_of(stage, closed);
    return time;
  }

  void soak(std::chrono::milliseconds time) { now_ += time; }
  microseconds since_start() const { return since_start(now_); }
  bool is_endless() const { return is_endless_; }

 private:
  struct UnderWay {
    std::uint64_t send;
    SteadyTime answered_at;
  };

  static microseconds since_start(SteadyTime time) { return in_microseconds(time - steady_start); }
  UtcTime utc_at(SteadyTime time) const { return start_ + since_start(time); }

  /// Full chunks and a rest, unless there are more chunks than that takes.
  std::int64_t devices_in_chunk(const PlannedStage& stage, std::int64_t index, std::int64_t left) const {
    const std::int64_t fewest_chunks = (stage.devices + pace_.chunk_size - 1) / pace_.chunk_size;
    if (stage.chunks <= fewest_chunks) return std::min(pace_.chunk_size, left);
    const std::int64_t chunks_left = stage.chunks - index;
    return (left + chunks_left - 1) / chunks_left;
  }

  /// As the gate does it: it is asked once, and again when the time that it named has come, but not when an
  /// answer makes it earlier.
  SteadyTime next_send(nanoseconds& closed) {
    if (std::ssize(under_way_) >= pace_.in_flight_max) take_answer();
    SteadyTime at = paced_from();
    while (true) {
      while (!under_way_.empty() && under_way_.front().answered_at <= at) take_answer();
      const SteadyTime paced = std::max(at, paced_from());
      const SteadyTime open = open_from(paced);
      closed += open - paced;
      if (open == at) return at;
      at = open;
    }
  }

  SteadyTime paced_from() const { return std::max({now_, pacer_.next_send_at(), paid_for_at_}); }

  void sent(SteadyTime at, std::int64_t devices) {
    now_ = at;
    under_way_.push_back({pacer_.sent(at), at + pace_.latency});
    paid_for_at_ = at + time_for(devices);
  }

  nanoseconds time_for(std::int64_t devices) const {
    if (!pace_.devices_per_minute) return nanoseconds{0};
    return from_seconds(60.0 * static_cast<double>(devices) / *pace_.devices_per_minute);
  }

  void take_answer() {
    const UnderWay answered = under_way_.front();
    under_way_.pop_front();
    now_ = std::max(now_, answered.answered_at);
    pacer_.answered(answered.send, answered.answered_at);
  }

  void drain() {
    while (!under_way_.empty()) take_answer();
  }

  SteadyTime open_from(SteadyTime time) {
    if (!pace_.window) return time;
    const UtcTime utc = utc_at(time);
    const std::optional<UtcTime> opens = opens_from(*pace_.window, utc);
    const bool is_in_time = opens && *opens - start_ < horizon;
    if (!is_in_time) is_endless_ = true;
    return is_in_time ? time + (*opens - utc) : time;
  }

  /// So many more sends, at the pace of the last ones, in every stretch of time in which the window is open.
  void send_steadily(std::int64_t chunks, const std::deque<SteadyTime>& last_sends, nanoseconds& closed) {
    const nanoseconds interval = usual_interval(last_sends);
    while (chunks > 0 && !is_endless_) {
      const SteadyTime open = open_from(now_ + interval);
      closed += open - (now_ + interval);
      const std::int64_t fit = std::min(chunks, sends_until_closed(open, interval));
      chunks -= fit;
      now_ = open + (fit - 1) * interval;
      if (now_ - steady_start > horizon) is_endless_ = true;
    }
    under_way_.clear();
    now_ += pace_.latency;
  }

  /// The mean of the usual ones: what is much longer was held up by a closed window.
  static nanoseconds usual_interval(const std::deque<SteadyTime>& sends) {
    std::vector<nanoseconds> gaps;
    for (std::size_t i = 1; i < sends.size(); ++i) gaps.push_back(sends[i] - sends[i - 1]);
    const auto middle = gaps.begin() + std::ssize(gaps) / 2;
    std::ranges::nth_element(gaps, middle);
    const nanoseconds usual_at_most = 2 * *middle;
    std::erase_if(gaps, [usual_at_most](nanoseconds gap) { return gap > usual_at_most; });
    return std::accumulate(gaps.begin(), gaps.end(), nanoseconds{0}) / std::ssize(gaps);
  }

  std::int64_t sends_until_closed(SteadyTime from, nanoseconds interval) const {
    const std::int64_t within_horizon = (steady_start + horizon - from) / interval + 1;
    if (!pace_.window) return std::max<std::int64_t>(1, within_horizon);
    const UtcTime closes = window_at(*pace_.window, utc_at(from)).changes_at;
    if (closes == UtcTime::max()) return std::max<std::int64_t>(1, within_horizon);
    const nanoseconds open = closes - utc_at(from);
    return std::max<std::int64_t>(1, (open + interval - nanoseconds{1}) / interval);
  }

  TimeFloors floors_of(const PlannedStage& stage, nanoseconds closed) const {
    TimeFloors floors;
    if (stage.chunks <= 0) return floors;
    const double latency = std::chrono::duration<double>(pace_.latency).count();
    // Little's law: so many at once, each so long, make at most this many a second.
    floors.is_latency_bound = latency * pace_.requests_per_second > static_cast<double>(pace_.in_flight_max);
    const double interval = floors.is_latency_bound ? latency / static_cast<double>(pace_.in_flight_max)
                                                    : 1 / pace_.requests_per_second;
    floors.request_rate =
        in_microseconds(from_seconds(static_cast<double>(stage.chunks - 1) * interval + latency));
    const std::int64_t in_last = (stage.devices - 1) % pace_.chunk_size + 1;
    floors.device_rate = in_microseconds(time_for(stage.chunks > 1 ? stage.devices - in_last : 0));
    floors.soak_and_windows = in_microseconds(closed);
    return floors;
  }

  const PlannedPace& pace_;
  const UtcTime start_;
  Pacer pacer_;
  SteadyTime now_ = steady_start;
  SteadyTime paid_for_at_ = steady_start;
  std::deque<UnderWay> under_way_;  ///< as they will be answered
  bool is_endless_ = false;
};

TimeFloors& operator+=(TimeFloors& sum, const TimeFloors& more) {
  sum.request_rate += more.request_rate;
  sum.device_rate += more.device_rate;
  sum.soak_and_windows += more.soak_and_windows;
  sum.is_latency_bound = sum.is_latency_bound || more.is_latency_bound;
  return sum;
}

}  // namespace

std::string_view to_string(TimeFloor floor) {
  switch (floor) {
    case TimeFloor::nothing:
      return "nothing";
    case TimeFloor::request_rate:
      return "request rate";
    case TimeFloor::device_rate:
      return "device rate";
    case TimeFloor::soak_and_windows:
      return "soak and windows";
  }
  return "nothing";
}

microseconds longest(const TimeFloors& floors) {
  return std::max({floors.request_rate, floors.device_rate, floors.soak_and_windows});
}

TimeFloor binding_floor(const TimeFloors& floors) {
  const microseconds binding = longest(floors);
  if (binding == microseconds{0}) return TimeFloor::nothing;
  if (binding == floors.soak_and_windows) return TimeFloor::soak_and_windows;
  if (binding == floors.device_rate) return TimeFloor::device_rate;
  return TimeFloor::request_rate;
}

PlanTime plan_time(const std::vector<PlannedStage>& stages, const PlannedPace& pace, UtcTime start) {
  assert(pace.requests_per_second > 0 && pace.in_flight_max > 0 && pace.chunk_size > 0);
  const auto is_sent = [](const PlannedStage& stage) { return stage.chunks > 0; };
  const auto last = std::find_if(stages.rbegin(), stages.rend(), is_sent).base();
  Replay replay{pace, start};
  PlanTime plan;
  for (auto stage = stages.begin(); stage != stages.end(); ++stage) {
    plan.stages.push_back(replay.send(*stage));
    // A stage without devices is over at once, and nothing soaks.
    if (is_sent(*stage) && stage + 1 < last) {
      replay.soak(stage->soak);
      plan.stages.back().floors.soak_and_windows += stage->soak;
    }
    plan.floors += plan.stages.back().floors;
  }
  plan.is_endless = replay.is_endless();
  plan.total = replay.since_start();
  return plan;
}

}  // namespace sluice
