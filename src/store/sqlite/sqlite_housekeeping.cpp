// SPDX-License-Identifier: MIT
// Pruning: runs that are over are taken out, chunk by chunk from the last one, since halves and replays
// follow what they refer to; and what belongs to no run, by its age.
#include <fmt/format.h>

#include "sluice/core/kill_point.hpp"
#include "sluice/core/run_rules.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace sluice {
namespace {

// To ask for each deleted attempt whether some chunk still names it would walk over all chunks: there is no
// index for that, and one would cost every claim. The order of deletion and a test stand in for the question.
class WithoutForeignKeys {
 public:
  explicit WithoutForeignKeys(Connection& connection) : connection_(connection) {
    connection_.execute("PRAGMA foreign_keys = OFF", "prune");
  }
  WithoutForeignKeys(const WithoutForeignKeys&) = delete;
  WithoutForeignKeys& operator=(const WithoutForeignKeys&) = delete;
  ~WithoutForeignKeys() {
    answer([&] { connection_.execute("PRAGMA foreign_keys = ON", "prune"); }).has_error();
  }

 private:
  Connection& connection_;
};

}  // namespace

Result<std::vector<PrunableRun>> SqliteStore::prunable_runs(UtcTime ended_before, std::size_t limit) {
  return answer([&] {
    std::vector<PrunableRun> found;
    Statement row = db_.query(
        "SELECT id, job_name, tenant, finished_at_us, devices_accepted + devices_presumed + devices_failed"
        "       + devices_canceled"
        "  FROM runs"
        " WHERE sealed = 1 AND finished_at_us < ?1 AND devices_in_doubt = 0 AND chunks_pending = 0"
        "   AND chunks_in_flight = 0"
        "   AND NOT EXISTS (SELECT 1 FROM runs AS child WHERE child.parent = runs.id)"
        "   AND id IS NOT (SELECT run FROM attempts ORDER BY attempts.id DESC LIMIT 1)"
        "   AND id IS NOT (SELECT run FROM events ORDER BY events.id DESC LIMIT 1)"
        " ORDER BY finished_at_us, id LIMIT ?2",
        ended_before, static_cast<std::int64_t>(limit));
    while (row.next()) {
      found.push_back({RunId{row.integer(0)}, row.string(1), row.string(2), row.time(3), row.integer(4)});
    }
    return found;
  });
}

Result<std::vector<RunId>> SqliteStore::half_pruned_runs() {
  return answer([&] {
    std::vector<RunId> found;
    Statement row =
        db_.query("SELECT runs.id FROM runs JOIN pruned_runs ON pruned_runs.run = runs.id ORDER BY runs.id");
    while (row.next()) found.push_back(RunId{row.integer(0)});
    return found;
  });
}

Result<PruneStep> SqliteStore::prune_step(RunId run, std::int64_t rows_max, UtcTime now) {
  if (grouped_) return Error{ErrorKind::refused, "a run is not taken out within a group of store verbs", ""};
  const auto off = answer([&] { return std::make_unique<WithoutForeignKeys>(db_); });
  if (off.has_error()) return off.error();
  const Result<PruneStep> taken = write([&] {
    if (!is_being_pruned(run)) begin_to_prune(run, now);
    PruneStep step;
    step.rows = prune_chunks(run, rows_max);
    if (step.rows < rows_max) step.rows += prune_rest(run, rows_max - step.rows);
    if (step.rows < rows_max) {
      step.rows += db_.run("DELETE FROM stages WHERE run = ?1", run);
      step.rows += db_.run("DELETE FROM run_jobs WHERE run = ?1", run);
      step.rows += db_.run("DELETE FROM runs WHERE id = ?1 AND sealed = 0", run);
      step.is_done = true;
    }
    reach(KillPoint::prune_batch);
    return step;
  });
  reach(KillPoint::prune_batch);
  return taken;
}

// That an older copy was put in place stays on record: by that is known which job files may have been sent.
// No run names the ticks that go, and to ask for each of them whether one does would walk over all runs.
Result<std::int64_t> SqliteStore::prune_runless(UtcTime before, std::int64_t rows_max) {
  if (grouped_) return Error{ErrorKind::refused, "nothing is taken out within a group of store verbs", ""};
  const auto off = answer([&] { return std::make_unique<WithoutForeignKeys>(db_); });
  if (off.has_error()) return off.error();
  return write([&] {
    // Its row is the permission to delete. A reader goes on behind the newest event, so that one stays.
    db_.run(
        "INSERT INTO events_kept (only, from_us) VALUES (1, ?1)"
        " ON CONFLICT (only) DO UPDATE SET from_us = max(from_us, excluded.from_us)",
        before);
    std::int64_t rows = db_.run(
        "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE run IS NULL AND at_us < ?1"
        "   AND what <> 'store_restored' AND id < (SELECT max(id) FROM events) ORDER BY at_us LIMIT ?2)",
        before, rows_max);
    rows += db_.run(
        "DELETE FROM ticks WHERE id IN (SELECT id FROM ticks WHERE state IN ('skipped', 'failed')"
        "   AND decided_at_us < ?1 AND id < (SELECT max(id) FROM ticks)"
        "   AND id NOT IN (SELECT tick FROM runs WHERE tick IS NOT NULL) ORDER BY decided_at_us LIMIT ?2)",
        before, rows_max - rows);
    rows += db_.run(
        "DELETE FROM job_files WHERE name IN (SELECT name FROM job_files WHERE state = 'removed'"
        "   AND seen_at_us < ?1 LIMIT ?2)",
        before, rows_max - rows);
    return rows;
  });
}

bool SqliteStore::is_being_pruned(RunId run) {
  return db_.query("SELECT 1 FROM pruned_runs WHERE run = ?1", run).next();
}

// By the newest attempt a store tells whether it is an older copy of itself, and by the newest event a reader
// goes on where it was; and both numbers would be given out again.
bool SqliteStore::has_newest_row(RunId run) {
  return db_
      .query(
          "SELECT 1 WHERE ?1 IS (SELECT run FROM attempts ORDER BY id DESC LIMIT 1)"
          "            OR ?1 IS (SELECT run FROM events ORDER BY id DESC LIMIT 1)",
          run)
      .next();
}

// Its row is the permission to delete, and what is not sealed is seen by nobody.
void SqliteStore::begin_to_prune(RunId run, UtcTime now) {
  const std::optional<RunRecord> record = queries::run(db_, run);
  const bool has_child = db_.query("SELECT 1 FROM runs WHERE parent = ?1 LIMIT 1", run).next();
  const bool is_over = record && record->finished_at && record->devices.in_doubt == 0;
  if (!is_over || has_child || has_newest_row(run)) {
    fail(ErrorKind::refused,
         fmt::format("run {} is not over, has devices in doubt, is the newest, or another run was made of it",
                     run.value),
         fmt::format("See how it stands: sluice status {}", run.value));
  }
  db_.run(
      "INSERT INTO pruned_runs (run, pruned_at_us, job_name, tenant, created_at_us, ended_at_us, status, "
      "devices,"
      "                         accepted, presumed, failed, in_doubt, canceled, requests)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0, ?12, ?13)",
      run, now, record->job_name, record->tenant, record->created_at, *record->finished_at,
      to_string(status_of(*record)), total(record->devices), record->devices.accepted,
      record->devices.presumed, record->devices.failed, record->devices.canceled, record->requests);
  db_.run("UPDATE runs SET sealed = 0 WHERE id = ?1", run);
}

std::int64_t SqliteStore::prune_chunks(RunId run, std::int64_t rows_max) {
  std::vector<ChunkId> newest;
  {
    Statement row =
        db_.query("SELECT id FROM chunks WHERE run = ?1 ORDER BY id DESC LIMIT ?2", run, rows_max);
    while (row.next()) newest.push_back(ChunkId{row.integer(0)});
  }
  std::int64_t rows = 0;
  for (const ChunkId chunk : newest) {
    if (rows >= rows_max) break;
    rows += db_.run("DELETE FROM attempt_results WHERE attempt IN (SELECT id FROM attempts WHERE chunk = ?1)",
                    chunk);
    rows += db_.run("DELETE FROM attempts WHERE chunk = ?1", chunk);
    rows += db_.run("DELETE FROM doubt_decisions WHERE chunk = ?1", chunk);
    rows += db_.run("DELETE FROM chunk_devices WHERE chunk = ?1", chunk);
    rows += db_.run("DELETE FROM chunks WHERE id = ?1", chunk);
  }
  return rows;
}

std::int64_t SqliteStore::prune_rest(RunId run, std::int64_t rows_max) {
  std::int64_t rows =
      db_.run("DELETE FROM run_arguments WHERE id IN (SELECT id FROM run_arguments WHERE run = ?1 LIMIT ?2)",
              run, rows_max);
  if (rows >= rows_max) return rows;
  rows += db_.run("DELETE FROM approvals WHERE run = ?1", run);
  rows += db_.run("DELETE FROM events WHERE id IN (SELECT id FROM events WHERE run = ?1 LIMIT ?2)", run,
                  rows_max - rows);
  return rows;
}

}  // namespace sluice
