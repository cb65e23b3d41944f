// SPDX-License-Identifier: MIT
#include "http_api/client_timer.hpp"

namespace sluice {

ClientTimer::ClientTimer(Clock& clock, const ApiLimits& limits)
    : clock_(clock), alarm_(clock.alarm()), deadline_(limits, clock.steady_now()) {}

boost::asio::awaitable<bool> ClientTimer::until_due() {
  while (!is_stopped_) {
    if (deadline_.is_over(clock_.steady_now())) co_return true;
    wakes_at_ = deadline_.due_at();
    co_await alarm_->sleep_until(wakes_at_);
  }
  co_return false;
}

void ClientTimer::stop() {
  is_stopped_ = true;
  alarm_->ring();
}

}  // namespace sluice
