// SPDX-License-Identifier: MIT
// The machine's clocks behind their seam.
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "sluice/clock/clock.hpp"

namespace sluice {
namespace asio = boost::asio;
namespace {

class SystemAlarm : public Alarm {
 public:
  explicit SystemAlarm(asio::any_io_executor executor) : timer_(std::move(executor)) {}

  asio::awaitable<void> sleep_until(SteadyTime time) override {
    if (std::exchange(is_rung_, false)) co_return;
    timer_.expires_at(time);
    boost::system::error_code canceled_by_ring;
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, canceled_by_ring));
    is_rung_ = false;
  }

  void ring() override {
    is_rung_ = true;
    timer_.cancel();
  }

 private:
  asio::steady_timer timer_;
  bool is_rung_ = false;
};

class SystemClock : public Clock {
 public:
  explicit SystemClock(asio::any_io_executor executor) : executor_(std::move(executor)) {}

  UtcTime utc_now() const override {
    return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  }
  SteadyTime steady_now() const override { return std::chrono::steady_clock::now(); }
  std::unique_ptr<Alarm> alarm() override { return std::make_unique<SystemAlarm>(executor_); }

 private:
  asio::any_io_executor executor_;
};

}  // namespace

std::unique_ptr<Clock> open_system_clock(asio::any_io_executor executor) {
  return std::make_unique<SystemClock>(std::move(executor));
}

}  // namespace sluice
