// SPDX-License-Identifier: MIT
#include "app/queued_tick.hpp"

#include <utility>

#include "app/folder_reading.hpp"
#include "app/prepared_job.hpp"
#include "app/queued_job.hpp"

namespace sluice {

Result<QueuedTick> queue_tick(Store& store, const StartedTick& tick, const Config& config,
                              const Environment& environment, UtcTime now) {
  const ScheduleRecord& schedule = tick.schedule;
  // The name of a file that was added by command is not on record; what counts is the folder.
  const SendOptions send =
      options_for(schedule.folder, schedule.job_file.empty() ? "schedule" : schedule.job_file);
  const Result<PreparedJob> prepared = prepare_job_text(schedule.job_text, send, config, environment);
  if (prepared.has_error()) return prepared.error();
  SubmitRequest request = submit_request(*prepared, send);
  request.now = now;
  request.submitter = tick.actor.empty() ? "schedule " + schedule.name : tick.actor;
  request.origin.tick = tick.tick;
  request.origin.job_file = schedule.job_file;
  if (!schedule.job_file.empty()) request.origin.job_revision = schedule.revision;
  const Result<Submitted> submitted =
      queue_job(store, *prepared, send, std::move(request), without_asking(prepared->job, send));
  if (submitted.has_error()) return submitted.error();
  return QueuedTick{*submitted, prepared->setup.name};
}

}  // namespace sluice
