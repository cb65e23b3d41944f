// SPDX-License-Identifier: MIT
// The tenant's one gate to the wire: requests queue up in front of it, and each passes at the instant that
// the pacer and the breaker allow. Lives on the loop.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>

#include "sluice/core/breaker.hpp"
#include "sluice/core/pacer.hpp"
#include "sluice/engine/clock.hpp"

namespace sluice {

class PaceGate {
 public:
  struct Pass {
    std::uint64_t send = 0;  ///< the pacer's number of this send
    SteadyTime at;
  };

  PaceGate(Clock& clock, Pacer pacer) : clock_(clock), pacer_(std::move(pacer)) {}

  /// Waits for its turn and for the time. Absent: the request is no longer wanted.
  /// @param is_wanted asked after every wait, at last right before the pass; must outlive the call
  boost::asio::awaitable<std::optional<Pass>> enter(const std::function<bool()>& is_wanted);

  /// Everyone who waits asks again whether he is wanted.
  void ask_again();

  SteadyTime opens_at() const;

  // What came of a send.
  void answered(const Pass& pass);
  void throttled(const Pass& pass, std::optional<std::chrono::nanoseconds> hint);
  void failed();

  const Breaker& breaker() const { return breaker_; }
  double rate() const { return pacer_.rate_at(clock_.steady_now()); }

 private:
  boost::asio::awaitable<bool> wait_for_turn(Alarm& alarm, const std::function<bool()>& is_wanted);
  void leave(const Alarm* alarm);

  Clock& clock_;
  Pacer pacer_;
  Breaker breaker_;
  std::deque<Alarm*> queue_;
};

}  // namespace sluice
