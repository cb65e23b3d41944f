// SPDX-License-Identifier: MIT
// Time as it truly passes, outside of any process, and what happens in it. Also where a violated invariant is
// reported, and what tells two runs of a seed apart.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "simulation/dice.hpp"
#include "sluice/core/time.hpp"

namespace sluice::simulation {

struct Violation {
  std::string invariant;  ///< "I6"
  std::string sentence;
};

class World {
 public:
  explicit World(bool is_traced) : is_traced_(is_traced) {}
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  Nanos now() const { return now_; }

  void at(Nanos time, std::function<void()> event) {
    events_.emplace(std::pair{std::max(time, now_), next_event_++}, std::move(event));
  }
  void after(Nanos delay, std::function<void()> event) { at(now_ + delay, std::move(event)); }

  std::optional<Nanos> next_at() const {
    return events_.empty() ? std::nullopt : std::optional{events_.begin()->first.first};
  }
  /// Goes to that time; nothing may be scheduled before it.
  void go_to(Nanos time) { now_ = std::max(now_, time); }
  /// The next event takes place.
  void step() {
    auto first = events_.begin();
    go_to(first->first.first);
    const std::function<void()> event = std::move(first->second);
    events_.erase(first);
    event();
  }

  /// One line of the trace, and a part of the seed's hash.
  void note(std::string_view event, std::int64_t one = 0, std::int64_t other = 0,
            std::string_view text = {}) {
    mix(static_cast<std::uint64_t>(now_.count()));
    for (const char c : event) mix(static_cast<unsigned char>(c));
    mix(static_cast<std::uint64_t>(one));
    mix(static_cast<std::uint64_t>(other));
    for (const char c : text) mix(static_cast<unsigned char>(c));
    ++notes_;
    if (is_traced_) {
      fmt::print(stderr, "{:14.6f} {:<18} {} {} {}\n", static_cast<double>(now_.count()) / 1e9, event, one,
                 other, text);
    }
  }
  bool is_traced() const { return is_traced_; }
  std::uint64_t hash() const { return hash_; }
  std::uint64_t notes() const { return notes_; }

  /// The first one counts.
  void violated(std::string invariant, std::string sentence) {
    note("VIOLATED", 0, 0, invariant + ": " + sentence);
    if (!violation_) violation_ = Violation{std::move(invariant), std::move(sentence)};
  }
  const std::optional<Violation>& violation() const { return violation_; }

 private:
  /// FNV-1a.
  void mix(std::uint64_t value) { hash_ = (hash_ ^ value) * 0x100000001B3U; }

  Nanos now_{0};
  std::map<std::pair<Nanos, std::uint64_t>, std::function<void()>> events_;
  std::uint64_t next_event_ = 0;
  std::uint64_t hash_ = 0xCBF29CE484222325U;
  std::uint64_t notes_ = 0;
  bool is_traced_;
  std::optional<Violation> violation_;
};

/// The computer that the processes run on: its clocks tell the time in their own ways.
struct Machine {
  int boot = 1;
  Nanos booted_at{0};   ///< in true time
  Nanos suspended{0};   ///< since then; the steady clock does not count it
  double drift = 0;     ///< of all its clocks
  Nanos wall_error{0};  ///< what the wall clock is ahead of the truth

  Nanos since_boot(Nanos now) const { return drifted(now - booted_at); }
  SteadyTime steady(Nanos now) const {
    return SteadyTime{std::chrono::hours{1}} + drifted(now - booted_at - suspended);
  }
  UtcTime utc(Nanos now) const { return true_utc(now + wall_error); }

  /// The first moment at which the steady clock shows that time.
  Nanos when_steady(SteadyTime time) const {
    const auto shown = static_cast<double>((time - SteadyTime{std::chrono::hours{1}}).count());
    Nanos when = booted_at + suspended + Nanos{static_cast<std::int64_t>(shown / (1 + drift))};
    when -= Nanos{2};
    while (steady(when) < time) ++when;
    return when;
  }

  /// 2025-10-09; what the cloud's clock shows.
  static UtcTime true_utc(Nanos now) {
    return UtcTime{std::chrono::seconds{1'760'000'000}} +
           std::chrono::duration_cast<std::chrono::microseconds>(now);
  }

 private:
  Nanos drifted(Nanos span) const {
    return span + Nanos{static_cast<std::int64_t>(static_cast<double>(span.count()) * drift)};
  }
};

}  // namespace sluice::simulation
