// SPDX-License-Identifier: MIT
#include "app/queued_tick.hpp"

#include <algorithm>
#include <utility>

#include "app/folder_reading.hpp"
#include "app/prepared_job.hpp"
#include "app/queued_job.hpp"
#include "sluice/store/job_files.hpp"
#include "store/sha256.hpp"

namespace sluice {
namespace {

/// Which revision of its file the schedule's text is. 0: the file has another content on record by now.
Result<std::int64_t> file_revision(StoreReader& store, const ScheduleRecord& schedule) {
  const Result<std::vector<JobFileRecord>> files = store.job_file_reader().job_files();
  if (files.has_error()) return files.error();
  const auto file = std::ranges::find(*files, schedule.job_file, &JobFileRecord::name);
  if (file == files->end() || file->digest != sha256_hex(schedule.job_text)) return 0;
  return file->revision;
}

}  // namespace

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
  const Result<std::int64_t> revision = file_revision(store, schedule);
  if (revision.has_error()) return revision.error();
  request.origin.job_file = schedule.job_file;
  request.origin.job_revision = *revision;
  const Result<Submitted> submitted =
      queue_job(store, *prepared, send, std::move(request), without_asking(prepared->job, send));
  if (submitted.has_error()) return submitted.error();
  return QueuedTick{*submitted, prepared->setup.name};
}

}  // namespace sluice
