// SPDX-License-Identifier: MIT
// Waits until a client is due: the clock beside a ClientDeadline, which decides.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <type_traits>

#include "http_api/client_deadline.hpp"
#include "sluice/clock/clock.hpp"

namespace sluice {

class ClientTimer {
 public:
  /// He has come. The clock must outlive it.
  ClientTimer(Clock& clock, const ApiLimits& limits);

  /// It happens now: `note(&ClientDeadline::answer_offered, bytes)`.
  template <class... What>
  void note(void (ClientDeadline::*happened)(SteadyTime, What...), std::type_identity_t<What>... what) {
    (deadline_.*happened)(clock_.steady_now(), what...);
    // What is due later than it was needs no ring: who sleeps looks again when he wakes.
    if (deadline_.due_at() < wakes_at_) alarm_->ring();
  }

  /// For one who waits. @return whether the time is over; else it was stopped
  boost::asio::awaitable<bool> until_due();
  void stop();

 private:
  Clock& clock_;
  std::unique_ptr<Alarm> alarm_;
  ClientDeadline deadline_;
  SteadyTime wakes_at_ = SteadyTime::min();  ///< of who sleeps in until_due()
  bool is_stopped_ = false;
};

}  // namespace sluice
