// SPDX-License-Identifier: MIT
// Import: a run and its chunks arrive slice by slice and count only once the run is sealed.
#include <fmt/format.h>

#include <algorithm>

#include "store/sqlite/sqlite_store.hpp"

namespace sluice {
namespace {

void require_wholeness(const NewChunk& chunk) {
  const auto names = std::count(chunk.names.begin(), chunk.names.end(), '\n');
  const bool whole = chunk.devices >= 1 &&
                     static_cast<std::size_t>(chunk.devices) <= devices_per_request_max &&
                     names == chunk.devices && chunk.names.back() == '\n';
  if (whole) return;
  fail(ErrorKind::unexpected, fmt::format("a chunk of {} devices was given {} names; it takes 1 to {} lines",
                                          chunk.devices, names, devices_per_request_max));
}

}  // namespace

Result<RunId> SqliteStore::create_run(const NewRun& run) {
  return write([&] {
    db_.run("INSERT INTO tenants (name) VALUES (?1) ON CONFLICT (name) DO NOTHING", run.tenant);
    db_.run(
        "INSERT INTO runs (job_name, tenant, endpoint, rate, created_at_us, stage, submitter, digest,"
        "                  predicted_us, purpose, parent, tick, job_file, job_revision)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        run.job_name, run.tenant, run.endpoint, run.rate, run.created_at, run.stages.empty() ? 1 : 0,
        run.submitter, run.digest, run.predicted, run.purpose, run.parent, run.origin.tick,
        run.origin.job_file, run.origin.job_revision);
    const RunId id{db_.last_insert_id()};
    int number = 0;
    for (const NewStage& stage : run.stages) {
      db_.run("INSERT INTO stages (run, number, name, devices) VALUES (?1, ?2, ?3, ?4)", id, ++number,
              stage.name, stage.devices);
    }
    db_.run("INSERT INTO run_jobs (run, job_text) VALUES (?1, ?2)", id, run.job_text);
    return id;
  });
}

void SqliteStore::require_unsealed(RunId run) {
  Statement row = db_.query("SELECT sealed FROM runs WHERE id = ?1", run);
  if (!row.next()) fail(ErrorKind::not_found, fmt::format("store {} has no run {}", db_.path(), run.value));
  if (row.integer(0) == 1)
    fail(ErrorKind::refused, fmt::format("run {} is sealed: its devices are settled", run.value));
}

Result<void> SqliteStore::add_chunks(RunId run, const std::vector<NewChunk>& chunks) {
  return write([&] {
    require_unsealed(run);
    std::int64_t position = 0;
    {
      // All chunks of an import are pending, so the next place in the list is the number of devices so far.
      Statement row = db_.query("SELECT devices_pending FROM runs WHERE id = ?1", run);
      row.next();
      position = row.integer(0);
    }
    CounterChange change;
    for (const NewChunk& chunk : chunks) {
      require_wholeness(chunk);
      db_.run(
          "INSERT INTO chunks (run, position, devices, due_at_us, stage, arguments)"
          " VALUES (?1, ?2, ?3, 0, ?4, ?5)",
          run, position, chunk.devices, chunk.stage, chunk.arguments);
      db_.run("INSERT INTO chunk_devices (chunk, names) VALUES (?1, ?2)", db_.last_insert_id(), chunk.names);
      change.enter(ChunkState::pending, Evidence::none, chunk.devices);
      position += chunk.devices;
    }
    change_counters(run, change);
  });
}

Result<void> SqliteStore::seal_run(RunId run, std::int64_t duplicates) {
  return write([&] {
    require_unsealed(run);
    const int changed = db_.run(
        "UPDATE runs SET sealed = 1, duplicates = ?2 WHERE id = ?1 AND sealed = 0 AND chunks_pending > 0",
        run, duplicates);
    if (changed != 1) {
      fail(ErrorKind::invalid_input, fmt::format("run {} has no devices", run.value),
           "Check the job's device list.");
    }
    // At most one run a tick: what came of the tick is recorded with what makes the run count.
    db_.run("UPDATE ticks SET state = 'fired', run = ?1 WHERE id = (SELECT tick FROM runs WHERE id = ?1)",
            run);
    note_content_submitted(run);
    record_submission(run);
  });
}

void SqliteStore::record_submission(RunId run) {
  const RunRecord record = *queries::run(db_, run);
  const std::string what = record.parent
                               ? fmt::format("{} of {}", to_string(record.purpose), in_words(*record.parent))
                               : "job " + record.job_name;
  record_order(record.created_at, record.submitter, "run_submitted", in_words(run), "",
               fmt::format("{}, {} devices, tenant {}, plan {}", what, record.devices.pending, record.tenant,
                           record.digest));
  mark_request_with_run(run);
}

Result<void> SqliteStore::drop_unsealed(RunId run) {
  return write([&] {
    require_unsealed(run);
    drop(run);
  });
}

void SqliteStore::drop(RunId run) {
  db_.run("DELETE FROM chunk_devices WHERE chunk IN (SELECT id FROM chunks WHERE run = ?1)", run);
  db_.run("DELETE FROM chunks WHERE run = ?1", run);
  db_.run("DELETE FROM run_arguments WHERE run = ?1", run);
  db_.run("DELETE FROM stages WHERE run = ?1", run);
  db_.run("DELETE FROM run_jobs WHERE run = ?1", run);
  db_.run("DELETE FROM runs WHERE id = ?1 AND sealed = 0", run);
}

}  // namespace sluice
