// SPDX-License-Identifier: MIT
// One process's view of time, and its two threads folded into one: the loop, and a database executor whose
// work takes time. Everything that waits is owned here, so that a process that dies takes it along.
#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "clock/sleepers.hpp"
#include "simulation/world.hpp"
#include "sluice/clock/clock.hpp"

namespace sluice::simulation {

class ProcessClock : public Clock {
 public:
  using Handler = boost::asio::any_completion_handler<void()>;

  ProcessClock(World& world, Machine& machine, boost::asio::io_context& loop)
      : world_(world), machine_(machine), loop_(loop), sleepers_(loop) {}

  UtcTime utc_now() const override { return machine_.utc(world_.now()); }
  SteadyTime steady_now() const override { return machine_.steady(world_.now()); }
  std::unique_ptr<Alarm> alarm() override { return sleepers_.alarm(); }

  /// Runs on the loop after that delay of true time.
  template <class Function>
  void later(Nanos delay, Function function) {
    tasks_.emplace(std::pair{world_.now() + delay, next_task_++}, Handler{std::move(function)});
  }

  /// When the process has something to do next, in true time.
  std::optional<Nanos> next_at() const {
    std::optional<Nanos> next;
    if (!tasks_.empty()) next = tasks_.begin()->first.first;
    const std::optional<SteadyTime> earliest = sleepers_.next();
    if (earliest && *earliest != SteadyTime::max()) {
      const Nanos wake = machine_.when_steady(*earliest);
      next = next ? std::min(*next, wake) : wake;
    }
    return next;
  }

  /// Hands to the loop what is due.
  void wake_due() {
    while (!tasks_.empty() && tasks_.begin()->first.first <= world_.now()) {
      Handler task = std::move(tasks_.begin()->second);
      tasks_.erase(tasks_.begin());
      boost::asio::post(loop_, [task = std::move(task)]() mutable { std::move(task)(); });
    }
    while (sleepers_.next().value_or(SteadyTime::max()) <= steady_now()) sleepers_.wake_next();
  }

  /// The process is gone. Who waited is destroyed, and may ring others on his way out: nobody hears it.
  void forget_everything() {
    const auto tasks = std::exchange(tasks_, {});
    sleepers_.forget_everybody();
  }

 private:
  World& world_;
  Machine& machine_;
  boost::asio::io_context& loop_;
  std::map<std::pair<Nanos, std::uint64_t>, Handler> tasks_;
  std::uint64_t next_task_ = 0;
  Sleepers sleepers_;
};

/// Whatever is posted to it runs on the loop, later by as much as it is told.
class DelayingExecutor {
 public:
  using Delay = std::function<Nanos()>;

  DelayingExecutor(ProcessClock& clock, boost::asio::io_context& loop, const Delay& delay)
      : clock_(&clock), loop_(&loop), delay_(&delay) {}

  boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept { return *loop_; }
  static constexpr boost::asio::execution::blocking_t query(boost::asio::execution::blocking_t) noexcept {
    return boost::asio::execution::blocking.never;
  }
  bool operator==(const DelayingExecutor&) const noexcept = default;

  template <class Function>
  void execute(Function function) const {
    clock_->later((*delay_)(), std::move(function));
  }

 private:
  ProcessClock* clock_;
  boost::asio::io_context* loop_;
  const Delay* delay_;
};

}  // namespace sluice::simulation
