// SPDX-License-Identifier: MIT
#include "app/scheduled_runs.hpp"

#include <utility>

#include "app/daemon.hpp"
#include "app/queued_tick.hpp"
#include "app/system_now.hpp"

namespace sluice {
namespace asio = boost::asio;

ScheduledRuns::ScheduledRuns(asio::any_io_executor loop, Daemon& daemon, Clock& clock,
                             Environment environment)
    : daemon_(daemon),
      environment_(std::move(environment)),
      scheduler_(std::move(loop), daemon.store(), clock, hooks()) {}

SchedulerHooks ScheduledRuns::hooks() {
  return {
      .submit = [this](StartedTick tick) { return submit(std::move(tick)); },
      .cancel = [this](RunId run, std::string reason) { return cancel(run, std::move(reason)); },
      .decided =
          [this](const ScheduleRecord& schedule, const RecordedTick& tick) {
            if (tick.decision.verdict != TickDecision::Verdict::skip) return;
            daemon_.metrics().tick_decided("skipped", to_string(tick.decision.reason), tick.decision.ticks);
            daemon_.log().info("tick_skipped", {{"schedule", schedule.name},
                                                {"tick", to_rfc3339(tick.decision.at)},
                                                {"ticks", tick.decision.ticks},
                                                {"reason", to_string(tick.decision.reason)}});
          },
      .fired =
          [this](const StartedTick& tick, RunId run) {
            daemon_.metrics().tick_decided("fired", "");
            daemon_.log().info(
                "tick_fired",
                {{"schedule", tick.schedule.name}, {"tick", to_rfc3339(tick.at)}, {"run", run.value}});
          },
      .failed =
          [this](const StartedTick& tick, const Error& error) {
            daemon_.metrics().tick_decided("failed", "");
            daemon_.log().error("tick_failed", {{"schedule", tick.schedule.name},
                                                {"tick", to_rfc3339(tick.at)},
                                                {"error", error.message},
                                                {"hint", error.hint}});
          },
      .unreadable =
          [this](const ScheduleRecord& schedule, const Error& error) {
            daemon_.log().error("schedule_unreadable",
                                {{"schedule", schedule.name}, {"error", error.message}});
          },
  };
}

asio::awaitable<void> ScheduledRuns::run() {
  const Result<void> ended = co_await scheduler_.run();
  if (ended.has_error()) daemon_.log().error("schedules_ended", {{"error", ended.error().message}});
}

asio::awaitable<Result<RunId>> ScheduledRuns::submit(StartedTick tick) {
  auto work = [this, &tick, config = daemon_.config()](Store& store) {
    return queue_tick(store, tick, *config, environment_, system_now());
  };
  const Result<QueuedTick> queued = co_await daemon_.on_worker(std::move(work));
  if (queued.has_error()) co_return queued.error();
  daemon_.look_for_work(queued->tenant);
  co_return queued->submitted.run;
}

asio::awaitable<Result<void>> ScheduledRuns::cancel(RunId run, std::string reason) {
  return daemon_.cancel(run, std::move(reason));
}

}  // namespace sluice
