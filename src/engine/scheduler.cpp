// SPDX-License-Identifier: MIT
#include "sluice/engine/scheduler.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>
#include <vector>

#include "sluice/core/kill_point.hpp"

namespace sluice {
namespace asio = boost::asio;
namespace {

// Less is no more than what a clock is steered by.
constexpr std::chrono::seconds jump_noticed{60};
constexpr std::chrono::seconds retry_interval{1};

/// Whether the store may take the same thing in a moment.
bool may_pass(const Error& error) {
  return error.kind == ErrorKind::storage || error.kind == ErrorKind::storage_busy;
}

}  // namespace

Scheduler::Scheduler(asio::any_io_executor loop, AsyncStore& store, Clock& clock, SchedulerHooks hooks)
    : loop_(std::move(loop)),
      store_(store),
      clock_(clock),
      hooks_(std::move(hooks)),
      alarm_(clock.alarm()),
      present_since_(clock.utc_now()),
      utc_seen_(present_since_),
      steady_seen_(clock.steady_now()) {}

asio::awaitable<Result<void>> Scheduler::run() {
  bool has_requeued = false;
  while (!is_stopping_) {
    Result<void> done;
    if (!has_requeued) {
      auto requeue = [now = clock_.utc_now()](Store& store) {
        return store.schedule_book().requeue_started_ticks(now);
      };
      const Result<std::int64_t> requeued = co_await store_.call(std::move(requeue));
      has_requeued = requeued.has_value();
      if (requeued.has_error()) done = requeued.error();
    }
    if (has_requeued) done = co_await look_at_all();
    if (done.has_error() && !may_pass(done.error())) {
      stop();
      while (under_way_ > 0) co_await alarm_->sleep_until(SteadyTime::max());
      co_return done;
    }
    const SteadyTime wake_at = done.has_error() ? clock_.steady_now() + retry_interval : next_look();
    if (!is_stopping_) co_await alarm_->sleep_until(wake_at);
  }
  while (under_way_ > 0) co_await alarm_->sleep_until(SteadyTime::max());
  co_return Result<void>{};
}

void Scheduler::stop() {
  is_stopping_ = true;
  alarm_->ring();
}

// Ticks that a jump of the wall clock goes over were not seen coming. A machine that slept is the same.
void Scheduler::notice_set_clock() {
  const UtcTime utc = clock_.utc_now();
  const SteadyTime steady = clock_.steady_now();
  const auto jump = (utc - utc_seen_) - (steady - steady_seen_);
  if (std::chrono::abs(jump) > jump_noticed) present_since_ = utc;
  utc_seen_ = utc;
  steady_seen_ = steady;
}

SteadyTime Scheduler::next_look() const {
  const UtcTime now = clock_.utc_now();
  std::chrono::nanoseconds wait = look_interval;
  if (look_at_ < now + look_interval)
    wait = std::max<std::chrono::nanoseconds>(look_at_ - now, std::chrono::nanoseconds{0});
  return clock_.steady_now() + wait;
}

asio::awaitable<Result<void>> Scheduler::look_at_all() {
  notice_set_clock();
  look_at_ = UtcTime::max();
  auto read = [](Store& store) { return store.schedule_reader().schedules(); };
  Result<std::vector<ScheduleRecord>> schedules = co_await store_.call(std::move(read));
  if (schedules.has_error()) co_return schedules.error();
  for (ScheduleRecord& schedule : *schedules) {
    if (is_stopping_) break;
    const Result<void> looked = co_await look_at(std::move(schedule));
    if (looked.has_error()) co_return looked;
  }
  co_return Result<void>{};
}

asio::awaitable<Result<void>> Scheduler::look_at(ScheduleRecord schedule) {
  const Result<InstalledSchedule> readable = installed(schedule);
  if (readable.has_error()) {
    if (hooks_.unreadable) hooks_.unreadable(schedule, readable.error());
    co_return Result<void>{};
  }
  const bool is_submitting = submitting_.contains(schedule.id);
  auto decide = [&installed = *readable, present_since = present_since_, is_submitting,
                 now = clock_.utc_now()](Store& store) -> Result<TicksDecided> {
    // Read anew: an order may have come between.
    Result<std::optional<ScheduleRecord>> now_on_record =
        store.schedule_reader().schedule(installed.record.name);
    if (now_on_record.has_error()) return now_on_record.error();
    const bool is_same = *now_on_record && (*now_on_record)->id == installed.record.id &&
                         (*now_on_record)->revision == installed.record.revision;
    if (!is_same) return TicksDecided{.started = {}, .recorded = {}, .look_at = now};
    InstalledSchedule current = installed;
    current.record = std::move(**now_on_record);
    return decide_schedule(store, current, present_since, is_submitting, now);
  };
  Result<TicksDecided> decided = co_await store_.call(std::move(decide));
  if (decided.has_error()) co_return decided.error();
  look_at_ = std::min(look_at_, decided->look_at);
  for (const RecordedTick& tick : decided->recorded) {
    if (hooks_.decided) hooks_.decided(schedule, tick);
  }
  for (StartedTick& tick : decided->started) start(std::move(tick));
  co_return Result<void>{};
}

// On its own: a long device list holds up no other schedule.
void Scheduler::start(StartedTick tick) {
  reach(KillPoint::tick_started);
  const ScheduleId schedule = tick.schedule.id;
  submitting(schedule);
  asio::co_spawn(loop_, submit(std::move(tick)), [this, schedule](const std::exception_ptr& problem) {
    submitted(schedule);
    if (problem) std::rethrow_exception(problem);
  });
}

asio::awaitable<Result<RunId>> Scheduler::submit_now(StartedTick tick) {
  reach(KillPoint::tick_started);
  submitting(tick.schedule.id);
  Result<RunId> run = co_await submit_and_tell(tick);
  submitted(tick.schedule.id);
  co_return run;
}

void Scheduler::submitting(ScheduleId schedule) {
  ++under_way_;
  ++submitting_[schedule];
}

void Scheduler::submitted(ScheduleId schedule) {
  --under_way_;
  if (--submitting_[schedule] == 0) submitting_.erase(schedule);
  alarm_->ring();
}

asio::awaitable<void> Scheduler::submit(StartedTick tick) { (void)co_await submit_and_tell(tick); }

asio::awaitable<Result<RunId>> Scheduler::submit_and_tell(const StartedTick& tick) {
  Result<RunId> run = co_await cancel_and_submit(tick);
  if (run.has_value()) {
    if (hooks_.fired) hooks_.fired(tick, *run);
    co_return run;
  }
  if (hooks_.failed) hooks_.failed(tick, run.error());
  auto fail = [id = tick.tick, reason = run.error().message, now = clock_.utc_now()](Store& store) {
    return store.schedule_book().fail_tick(id, reason, now);
  };
  // Not to be recorded: then it is cut off, and the next process sees to it.
  (void)co_await store_.call(std::move(fail));
  co_return run;
}

asio::awaitable<Result<RunId>> Scheduler::cancel_and_submit(const StartedTick& tick) {
  for (const RunId run : tick.to_cancel) {
    std::string reason = "replaced by a later tick of schedule " + tick.schedule.name;
    const Result<void> canceled = co_await hooks_.cancel(run, std::move(reason));
    // It has just ended by itself, or somebody else has canceled it.
    if (canceled.has_error() && canceled.error().kind != ErrorKind::refused) co_return canceled.error();
  }
  StartedTick to_submit = tick;
  Result<RunId> run = co_await hooks_.submit(std::move(to_submit));
  co_return run;
}

}  // namespace sluice
