// SPDX-License-Identifier: MIT
// Fires the schedules of a store: one coroutine that sleeps until the next tick, decides it on record, and
// has its run submitted. Nothing is kept in memory that a restart would miss.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "sluice/clock/clock.hpp"
#include "sluice/core/result.hpp"
#include "sluice/core/time.hpp"
#include "sluice/engine/schedule_control.hpp"
#include "sluice/store/async_store.hpp"

namespace sluice {

/// What the scheduler asks of whoever it belongs to. All are called on the loop.
struct SchedulerHooks {
  /// Makes the tick's run: NewRun::origin must name the tick. An error ends the tick as failed.
  std::function<boost::asio::awaitable<Result<RunId>>(StartedTick)> submit;
  /// Cancels a run of a schedule whose next tick is to replace it.
  std::function<boost::asio::awaitable<Result<void>>(RunId, std::string reason)> cancel;

  // Told after the fact; may be empty.
  std::function<void(const ScheduleRecord&, const RecordedTick&)> decided;
  std::function<void(const StartedTick&, RunId)> fired;
  std::function<void(const StartedTick&, const Error&)> failed;
  /// A schedule that cannot be read any more does not run.
  std::function<void(const ScheduleRecord&, const Error&)> unreadable;
};

class Scheduler {
 public:
  /// The wall clock is looked at this often at least, since it may be set.
  static constexpr std::chrono::seconds look_interval{30};

  /// Store and clock outlive it.
  Scheduler(boost::asio::any_io_executor loop, AsyncStore& store, Clock& clock, SchedulerHooks hooks);

  /// Until stop(), and until what is being submitted then is. Fails when the store takes nothing more.
  boost::asio::awaitable<Result<void>> run();

  /// Something has changed: a schedule, or a run of one is over.
  void wake() { alarm_->ring(); }
  /// Makes the run of a tick that somebody's order has started, as if it had come due.
  boost::asio::awaitable<Result<RunId>> submit_now(StartedTick tick);
  void stop();

 private:
  boost::asio::awaitable<Result<void>> look_at_all();
  boost::asio::awaitable<Result<void>> look_at(ScheduleRecord schedule);
  boost::asio::awaitable<void> submit(StartedTick tick);
  boost::asio::awaitable<Result<RunId>> submit_and_tell(const StartedTick& tick);
  boost::asio::awaitable<Result<RunId>> cancel_and_submit(const StartedTick& tick);
  void start(StartedTick tick);
  void submitting(ScheduleId schedule);
  void submitted(ScheduleId schedule);
  void notice_set_clock();
  SteadyTime next_look() const;

  boost::asio::any_io_executor loop_;
  AsyncStore& store_;
  Clock& clock_;
  SchedulerHooks hooks_;
  std::unique_ptr<Alarm> alarm_;
  UtcTime present_since_;
  UtcTime utc_seen_;  // when the clocks were last read together
  SteadyTime steady_seen_;
  UtcTime look_at_ = UtcTime::max();
  std::map<ScheduleId, int> submitting_;
  int under_way_ = 0;
  bool is_stopping_ = false;
};

}  // namespace sluice
