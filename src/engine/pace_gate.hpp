// SPDX-License-Identifier: MIT
// The tenant's one gate to the wire: requests queue up in front of it, and each passes at the instant that
// the pacer and the breaker allow, a retry only if the retry budget has room for it. Lives on the loop.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>

#include "sluice/clock/clock.hpp"
#include "sluice/core/breaker.hpp"
#include "sluice/core/outcome.hpp"
#include "sluice/core/pacer.hpp"
#include "sluice/core/retry_budget.hpp"

namespace sluice {

class PaceGate {
 public:
  struct Pass {
    std::uint64_t send = 0;  ///< the pacer's number of this send
    SteadyTime at;
    std::optional<Breaker::Probe> probe;  ///< present: it finds out whether a lost endpoint is back
  };

  PaceGate(Clock& clock, Pacer pacer) : clock_(clock), pacer_(std::move(pacer)) {}

  /// Waits for its turn and for the time. Absent: the request is no longer wanted, or is a retry for which
  /// the budget has no room any more.
  /// @param is_wanted asked after every wait, at last right before the pass; must outlive the call
  enum class Place { last, first };
  boost::asio::awaitable<std::optional<Pass>> enter(bool is_retry, const std::function<bool()>& is_wanted,
                                                    Place place = Place::last);

  /// Everyone who waits asks again whether he is wanted.
  void ask_again();

  SteadyTime opens_at() const;
  /// The same, but for a lost endpoint's probes.
  SteadyTime paced_from() const;

  /// A person has ordered another pace: at most so many requests per second; 0: as many as the pacer allows.
  void slow_down_to(double requests_per_second);

  /// As Pacer::set_limit().
  void set_limit(double requests_per_second, double account_limit);

  // What came of a pass. One of the two follows each.
  /// @param pass absent: it came to nothing before the gate
  void heed(const std::optional<Pass>& pass, const Outcome& outcome);
  /// Not one byte went out, and the same request enters again.
  void passed_in_vain(const Pass& pass);

  /// How many retries may pass now. Probes of a lost endpoint are none: without end while it is lost.
  int room_for_retries() const;
  /// When there will be room at the latest.
  SteadyTime room_for_retries_from() const;

  const Breaker& breaker() const { return breaker_; }
  double rate() const;
  double others_use() const { return pacer_.others_at(clock_.steady_now()); }

 private:
  boost::asio::awaitable<bool> wait_for_turn(Alarm& alarm, const std::function<bool()>& is_wanted);
  void leave(const Alarm* alarm);

  Clock& clock_;
  Pacer pacer_;
  Breaker breaker_;
  RetryBudget retries_;
  double ordered_rate_ = 0;  ///< 0: none
  std::optional<SteadyTime> last_sent_at_;
  std::deque<Alarm*> queue_;
};

}  // namespace sluice
