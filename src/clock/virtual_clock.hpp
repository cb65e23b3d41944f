// SPDX-License-Identifier: MIT
// Virtual time, in rehearsals and in tests: when nothing is ready any more, time jumps to the
// next sleeper. A run of hours takes milliseconds and is the same each time.
#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <memory>
#include <utility>

#include "sluice/clock/clock.hpp"

namespace sluice {

class VirtualClock : public Clock {
 public:
  explicit VirtualClock(boost::asio::io_context& context,
                        SteadyTime start = SteadyTime{std::chrono::hours{1}},
                        UtcTime utc_start = UtcTime{std::chrono::seconds{1'700'000'000}})
      : context_(context),
        now_(start),
        utc_minus_steady_(utc_start.time_since_epoch() - start.time_since_epoch()) {}

  SteadyTime steady_now() const override { return now_; }
  UtcTime utc_now() const override {
    return UtcTime{
        std::chrono::duration_cast<std::chrono::microseconds>(now_.time_since_epoch() + utc_minus_steady_)};
  }
  std::unique_ptr<Alarm> alarm() override { return std::make_unique<VirtualAlarm>(*this); }

  /// The wall clock jumps; the other one does not.
  void set_wall_clock(UtcTime to) { utc_minus_steady_ += to - utc_now(); }

  /// Runs everything that is ready, then jumps to the next sleeper, until nobody sleeps but for ever.
  void run() { run_until(SteadyTime::max()); }

  /// The same, but not past that time.
  void run_until(SteadyTime end) {
    while (true) {
      context_.restart();
      context_.poll();
      if (sleepers_.empty() || sleepers_.begin()->first >= end) break;
      now_ = std::max(now_, sleepers_.begin()->first);
      wake(sleepers_.begin());
    }
    if (end != SteadyTime::max()) now_ = std::max(now_, end);
  }

 private:
  using Handler = boost::asio::any_completion_handler<void()>;
  using Sleepers = std::multimap<SteadyTime, std::pair<const void*, Handler>>;

  class VirtualAlarm : public Alarm {
   public:
    explicit VirtualAlarm(VirtualClock& clock) : clock_(clock) {}

    boost::asio::awaitable<void> sleep_until(SteadyTime time) override {
      if (std::exchange(is_rung_, false)) co_return;
      const auto begin_sleep = [this, time](auto handler) {
        clock_.sleepers_.emplace(time, std::pair<const void*, Handler>{this, Handler{std::move(handler)}});
      };
      co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void()>(
          begin_sleep, boost::asio::use_awaitable);
      is_rung_ = false;
    }

    void ring() override {
      is_rung_ = true;
      for (auto sleeper = clock_.sleepers_.begin(); sleeper != clock_.sleepers_.end(); ++sleeper) {
        if (sleeper->second.first == this) {
          clock_.wake(sleeper);
          return;
        }
      }
    }

   private:
    VirtualClock& clock_;
    bool is_rung_ = false;
  };

  void wake(Sleepers::iterator sleeper) {
    Handler handler = std::move(sleeper->second.second);
    sleepers_.erase(sleeper);
    boost::asio::post(context_, [handler = std::move(handler)]() mutable { std::move(handler)(); });
  }

  boost::asio::io_context& context_;
  SteadyTime now_;
  std::chrono::nanoseconds utc_minus_steady_;
  Sleepers sleepers_;
};

}  // namespace sluice
