// SPDX-License-Identifier: MIT
// Who sleeps until when, on a loop whose time does not pass by itself; and the alarms that wake them.
#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "sluice/clock/clock.hpp"

namespace sluice {

class Sleepers {
 public:
  /// The loop must outlive it.
  explicit Sleepers(boost::asio::io_context& loop) : loop_(loop) {}

  /// Must not outlive this.
  std::unique_ptr<Alarm> alarm() { return std::make_unique<SleepersAlarm>(*this); }

  /// When the next one is to wake; absent: nobody sleeps.
  std::optional<SteadyTime> next() const {
    return sleeping_.empty() ? std::nullopt : std::optional{sleeping_.begin()->first};
  }

  /// Hands him to the loop. There must be one.
  void wake_next() { wake(sleeping_.begin()); }

  /// Everybody is destroyed in his sleep. He may ring others on his way out: nobody hears it.
  void forget_everybody() {
    is_over_ = true;
    const auto forgotten = std::exchange(sleeping_, {});
  }

 private:
  using Handler = boost::asio::any_completion_handler<void()>;
  using Sleeping = std::multimap<SteadyTime, std::pair<const Alarm*, Handler>>;

  class SleepersAlarm : public Alarm {
   public:
    explicit SleepersAlarm(Sleepers& all) : all_(all) {}

    boost::asio::awaitable<void> sleep_until(SteadyTime time) override {
      if (std::exchange(is_rung_, false)) co_return;
      const auto begin_sleep = [this, time](auto handler) {
        all_.sleeping_.emplace(time, std::pair<const Alarm*, Handler>{this, Handler{std::move(handler)}});
      };
      co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void()>(
          begin_sleep, boost::asio::use_awaitable);
      is_rung_ = false;
    }

    void ring() override {
      if (all_.is_over_) return;
      is_rung_ = true;
      for (auto sleeper = all_.sleeping_.begin(); sleeper != all_.sleeping_.end(); ++sleeper) {
        if (sleeper->second.first == this) return all_.wake(sleeper);
      }
    }

   private:
    Sleepers& all_;
    bool is_rung_ = false;
  };

  void wake(Sleeping::iterator sleeper) {
    Handler handler = std::move(sleeper->second.second);
    sleeping_.erase(sleeper);
    boost::asio::post(loop_, [handler = std::move(handler)]() mutable { std::move(handler)(); });
  }

  boost::asio::io_context& loop_;
  Sleeping sleeping_;
  bool is_over_ = false;
};

}  // namespace sluice
