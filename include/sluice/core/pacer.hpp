// SPDX-License-Identifier: MIT
// When the next request may go to the wire. One pacer per tenant, because the cloud's limit belongs to the
// account.
//
// Two conditions, both over the times of the actual sends, so nothing is ever caught up or saved up:
//   spacing   send[k] ≥ send[k−1] + 1/N
//   window    send[k] ≥ send[k−N] + 1 s + excess[k−N],   excess = rtt − fastest rtt seen
// The first spreads the sends evenly, the second keeps every window of one second at N, and not only where we
// stand: a request that was slow may have arrived late, as late as its excess says, and the cloud counts
// arrivals. With no path faster than the fastest seen, arrival[k] ≥ arrival[k−N] + 1 s follows. Before enough
// answers are in, the fastest is taken as 0. A request without an answer yet is charged the spread seen
// lately.
//
// After a throttle there is a third, the rate: half of it at once; then quickly up to just below what had
// gone well before, where it stays for a while, and slowly beyond. When others use up a part of the account's
// quota, that finds our share, and it is what tells their use.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "sluice/core/time.hpp"

namespace sluice {

class Pacer {
 public:
  using Duration = std::chrono::nanoseconds;

  /// @param requests_per_second more than 0. A fraction is paced exactly: 2.5 is one request every 400 ms (at
  /// most 3
  ///        in a window of one second), 0.5 one every 2 s.
  /// @param start nothing is sent before it
  /// @param account_limit requests per second of all who use the account; 0: the rate is all of it
  Pacer(double requests_per_second, SteadyTime start, double account_limit = 0);

  /// The earliest time at which the next request may be sent. Ask again after any other call.
  SteadyTime next_send_at() const;

  /// A request's first byte goes out now. Precondition: now ≥ next_send_at().
  /// @return a number to report its answer with
  std::uint64_t sent(SteadyTime now);

  /// A complete answer to that send has come. Not to be called for a send that was met with silence.
  void answered(std::uint64_t send, SteadyTime now);

  /// The cloud said "too fast" to that send: half the rate and a wider window at once, silence until now +
  /// hint. Both come back by themselves, within a minute. Requests that were on their way before the last
  /// slow-down are not a second reason to slow down.
  void throttled(std::uint64_t send, SteadyTime now, std::optional<Duration> hint);

  /// Another limit from now on. A larger one begins with a second of silence: further back than the old limit
  /// made necessary, no send is remembered.
  void set_limit(SteadyTime now, double requests_per_second, double account_limit = 0);

  /// The cloud asks for silence until then, without saying "too fast".
  void pause_until(SteadyTime time) { not_before_ = std::max(not_before_, time); }

  /// The rate in force now: the limit, or less after a throttle.
  double rate_at(SteadyTime now) const;

  /// Requests per second that others seem to make under the same account, from the throttles of late: the
  /// limit less what we had sent in the window that was found full. 0: no sign of others, or none for a
  /// minute at full rate.
  double others_at(SteadyTime now) const;

 private:
  struct Send {
    SteadyTime at;
    double per_second_before = 0;  ///< the sends in the window before it
    std::optional<Duration> rtt;
  };

  std::optional<SteadyTime> time_of(std::uint64_t send) const;
  Duration excess_of(const Send& send) const;
  Duration guard_at(SteadyTime now) const;
  double recovered_since_slowdown(SteadyTime now) const;
  double sent_per_second_before(SteadyTime time) const;
  SteadyTime full_rate_from() const;
  void learn(Duration rtt);

  double limit_;
  std::size_t per_window_;  ///< sends that a window may hold: N, rounded up; of a large N, a part
  Duration window_;         ///< 1 s, or the same part of it; a little more or less where N is no whole number
  SteadyTime not_before_;
  std::deque<Send> sends_;        ///< the last per_window_ ones
  std::uint64_t first_send_ = 0;  ///< number of sends_.front()

  std::deque<Duration> recent_rtts_;
  std::vector<Duration> recent_rtts_in_order_;  ///< the same, from the fastest to the slowest
  Duration fastest_{0};  ///< what every path takes at least; 0 until enough answers are in
  Duration spread_{0};   ///< between the fastest and the slowest of the recent ones

  double slowed_to_ = 0;   ///< the rate right after the last throttle; 0: never slowed
  double resting_at_ = 0;  ///< the rate that is come back to quickly; no less than slowed_to_
  SteadyTime slowed_at_;
  Duration extra_guard_{0};  ///< right after the last throttle

  double account_limit_;
  std::optional<double> others_;  ///< as of the last throttle
};

}  // namespace sluice
