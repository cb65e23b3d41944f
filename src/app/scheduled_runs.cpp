// SPDX-License-Identifier: MIT
#include "app/scheduled_runs.hpp"

#include <fmt/format.h>

#include <utility>

#include "app/daemon.hpp"
#include "app/folder_reading.hpp"
#include "app/queued_job.hpp"

namespace sluice {
namespace asio = boost::asio;
namespace {

struct QueuedTick {
  Submitted submitted;
  std::string tenant;
};

/// The job as the schedule's revision has it, with the device list as it is now.
Result<QueuedTick> queue_tick(Store& store, const StartedTick& tick, const Config& config,
                              const Environment& environment) {
  const ScheduleRecord& schedule = tick.schedule;
  const SendOptions send = options_for(
      schedule.folder, schedule.job_file.empty() ? "schedule " + schedule.name : schedule.job_file);
  const Result<PreparedJob> prepared = prepare_job_text(schedule.job_text, send, config, environment);
  if (prepared.has_error()) return prepared.error();
  SubmitRequest request = submit_request(*prepared, send);
  request.submitter = tick.actor.empty() ? "schedule " + schedule.name : tick.actor;
  request.origin = {.tick = tick.tick, .job_file = schedule.job_file, .job_revision = schedule.revision};
  const Result<Submitted> submitted =
      queue_job(store, *prepared, send, std::move(request), without_asking(prepared->job, send));
  if (submitted.has_error()) return submitted.error();
  return QueuedTick{*submitted, prepared->setup.name};
}

}  // namespace

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
            daemon_.metrics().tick_decided("skipped", to_string(tick.decision.reason));
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
    return queue_tick(store, tick, *config, environment_);
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
