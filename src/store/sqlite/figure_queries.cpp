// SPDX-License-Identifier: MIT
// What watching needs. Counters and first rows of indexes only: nothing here walks over chunks.
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>

#include "sluice/core/run_rules.hpp"
#include "store/sqlite/queries.hpp"

namespace sluice::queries {
namespace {

using Tenants = std::map<std::string, TenantFigures, std::less<>>;

void add(StateCounts& sum, const StateCounts& counts) {
  for (std::int64_t StateCounts::* count :
       {&StateCounts::pending, &StateCounts::in_flight, &StateCounts::accepted, &StateCounts::presumed,
        &StateCounts::failed, &StateCounts::in_doubt, &StateCounts::canceled, &StateCounts::split}) {
    sum.*count += counts.*count;
  }
}

StateCounts counts_of(const Statement& row, int& column) {
  StateCounts counts;
  for (std::int64_t StateCounts::* count :
       {&StateCounts::pending, &StateCounts::in_flight, &StateCounts::accepted, &StateCounts::presumed,
        &StateCounts::failed, &StateCounts::in_doubt, &StateCounts::canceled}) {
    counts.*count = row.integer(column++);
  }
  return counts;
}

Tenants tenants(Connection& connection) {
  Tenants found;
  Statement row = connection.query("SELECT name, paused_reason <> '', silent_until_us FROM tenants");
  while (row.next()) {
    found[row.string(0)] = {
        .tenant = row.string(0), .is_blocked = row.integer(1) == 1, .silent_until = row.time(2)};
  }
  return found;
}

void add_runs(Connection& connection, Tenants& tenants) {
  Statement row = connection.query(
      "SELECT tenant, control, started_at_us, finished_at_us,"
      "       devices_pending, devices_in_flight, devices_accepted, devices_presumed, devices_failed,"
      "       devices_in_doubt, devices_canceled,"
      "       chunks_pending, chunks_in_flight, chunks_accepted, chunks_presumed, chunks_failed,"
      "       chunks_in_doubt, chunks_canceled, chunks_split"
      "  FROM runs WHERE sealed = 1");
  while (row.next()) {
    RunRecord run;
    run.control = known(run_control_from(row.text(1)), connection);
    run.started_at = row.maybe_time(2);
    run.finished_at = row.maybe_time(3);
    int column = 4;
    run.devices = counts_of(row, column);
    run.chunks = counts_of(row, column);
    run.chunks.split = row.integer(column);
    TenantFigures& tenant = tenants[row.string(0)];
    add(tenant.devices, run.devices);
    add(tenant.chunks, run.chunks);
    ++tenant.runs[status_of(run)];
  }
}

// The index has the queue of each stage and turn in the order of due times.
std::optional<UtcTime> oldest_due(Connection& connection, RunId run, int stage, int turn) {
  Statement row = connection.query(
      "SELECT due_at_us FROM chunks INDEXED BY chunks_due"
      " WHERE run = ?1 AND stage = ?2 AND turn = ?3 AND state = 'pending' ORDER BY due_at_us LIMIT 1",
      run, stage, turn);
  if (!row.next()) return std::nullopt;
  return row.time(0);
}

/// Absent: the run has no stages, or this one is not open.
std::optional<UtcTime> stage_opened(Connection& connection, RunId run, int stage) {
  Statement row =
      connection.query("SELECT opened_at_us FROM stages WHERE run = ?1 AND number = ?2", run, stage);
  if (!row.next()) return std::nullopt;
  return row.maybe_time(0);
}

void note_oldest(TenantFigures& tenant, UtcTime due, UtcTime now) {
  if (due > now) return;
  tenant.oldest_due = tenant.oldest_due ? std::min(*tenant.oldest_due, due) : due;
}

void add_queues(Connection& connection, UtcTime now, const std::set<RunId>& out_of_hours, Tenants& tenants) {
  Statement row = connection.query(
      "SELECT id, tenant, stage, created_at_us FROM runs INDEXED BY runs_unfinished"
      " WHERE sealed = 1 AND finished_at_us IS NULL AND control = 'active'");
  while (row.next()) {
    const RunId run{row.integer(0)};
    if (out_of_hours.contains(run)) continue;
    for (int stage = 1; stage <= row.small_integer(2); ++stage) {
      // A new chunk is due since ever, but waits since it is there and its stage is open.
      const UtcTime since = std::max(row.time(3), stage_opened(connection, run, stage).value_or(UtcTime{}));
      for (int turn = 0; turn <= 2; ++turn) {
        const auto due = oldest_due(connection, run, stage, turn);
        if (due) note_oldest(tenants[row.string(1)], std::max(*due, since), now);
      }
    }
  }
}

std::map<std::string, std::int64_t> by_state(Statement row) {
  std::map<std::string, std::int64_t> counts;
  while (row.next()) counts[row.string(0)] = row.integer(1);
  return counts;
}

std::int64_t one_number(Statement row) { return row.next() ? row.integer(0) : 0; }

// The size alone is asked for: the file is opened by nobody but SQLite.
std::int64_t size_of(const std::string& file) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(file, error);
  return error ? 0 : static_cast<std::int64_t>(size);
}

}  // namespace

StoreFigures figures(Connection& connection, UtcTime now, const std::set<RunId>& out_of_hours) {
  StoreFigures figures;
  Tenants found = tenants(connection);
  add_runs(connection, found);
  add_queues(connection, now, out_of_hours, found);
  for (auto& [name, tenant] : found) figures.tenants.push_back(std::move(tenant));
  figures.job_files = by_state(connection.query("SELECT state, count(*) FROM job_files GROUP BY state"));
  figures.schedules = by_state(connection.query("SELECT state, count(*) FROM schedules GROUP BY state"));
  const std::int64_t page_bytes = one_number(connection.query("PRAGMA page_size"));
  figures.database_bytes = page_bytes * one_number(connection.query("PRAGMA page_count"));
  figures.free_bytes = page_bytes * one_number(connection.query("PRAGMA freelist_count"));
  figures.wal_bytes = size_of(connection.path() + "-wal");
  figures.schema_version = one_number(connection.query("SELECT max(number) FROM schema_migrations"));
  figures.sqlite_version = sqlite3_libversion();
  return figures;
}

}  // namespace sluice::queries
