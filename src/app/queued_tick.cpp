// SPDX-License-Identifier: MIT
#include "app/queued_tick.hpp"

#include <filesystem>

#include "app/prepared_job.hpp"
#include "app/queued_job.hpp"

namespace sluice {

Result<Submitted> queue_tick(Store& store, const StartedTick& tick, const Config& config,
                             const Environment& environment, UtcTime now) {
  // The file's own name is not on record; what counts is the folder.
  const std::filesystem::path folder{tick.schedule.folder};
  SendOptions send;
  send.job_file = (folder / "schedule").string();
  const Result<PreparedJob> prepared = prepare_job_text(tick.schedule.job_text, send, config, environment);
  if (prepared.has_error()) return prepared.error();
  SubmitRequest request = submit_request(*prepared, send);
  request.now = now;
  request.submitter = tick.actor.empty() ? "schedule " + tick.schedule.name : tick.actor;
  request.origin.tick = tick.tick;
  request.origin.job_file = tick.schedule.job_file;
  if (!tick.schedule.job_file.empty()) request.origin.job_revision = tick.schedule.revision;
  return queue_job(store, *prepared, send, std::move(request), without_asking(prepared->job, send));
}

}  // namespace sluice
