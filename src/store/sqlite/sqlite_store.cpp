// SPDX-License-Identifier: MIT
// Ownership, grouping, and the operator's hand on runs and tenants.
#include "store/sqlite/sqlite_store.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "sluice/core/kill_point.hpp"
#include "store/sqlite/migrate.hpp"
#include "store/sqlite/store_file.hpp"

namespace sluice {
namespace {

// Far longer than any window that a caller waits for, and short enough to be added to any time.
constexpr std::chrono::nanoseconds very_long = std::chrono::hours{24 * 365};

}  // namespace

SqliteStore::SqliteStore(const std::string& path, UtcTime now, BootClock boot_clock)
    : boot_clock_(std::move(boot_clock)),
      lock_(std::in_place, path),
      db_(create_if_missing(path), Connection::Access::owner) {
  // Nothing is written before the file is known to be ours and of a version that we know.
  examine_schema(db_, embedded_migrations());
  db_.prepare_for_writing();
  seal_what_is_there();
  reach(KillPoint::seal_checkpoint);
  take_over(now);
  db_.checkpoint_on_close(true);
}

SqliteStore::SqliteStore(UtcTime now, BootClock boot_clock)
    : boot_clock_(std::move(boot_clock)), db_("file::memory:", Connection::Access::memory) {
  db_.prepare_for_writing();
  take_over(now);
}

SqliteStore::~SqliteStore() {
  if (db_.is_stopped()) return;
  try {
    if (db_.in_transaction()) db_.run("ROLLBACK");
    db_.run("UPDATE owners SET closed_boottime_ns = ?2 WHERE id = ?1", owner_,
            boot_clock_.since_boot().count());
  } catch (const StoreFailure&) {
    // Then the store counts as not closed, which only makes the next owner more careful.
  }
}

// A killed process may have left commits that were written but never synced: visible to us, gone after a
// power cut. Recovery does not sync them; a checkpoint does. Nothing may be acted upon before.
void SqliteStore::seal_what_is_there() {
  Statement row = db_.query("PRAGMA wal_checkpoint(TRUNCATE)");
  if (row.next() && row.integer(0) == 0) return;
  fail(ErrorKind::refused,
       fmt::format("store {}: somebody is reading it, so its last commits cannot be made safe", db_.path()),
       "Wait for long-running readers (results, a backup, a database browser) to end and try again.");
}

void SqliteStore::take_over(UtcTime now) {
  migrate(db_, embedded_migrations(), now);
  const std::string& boot = boot_clock_.boot_id;

  Transaction transaction{db_, Transaction::Kind::whole};
  {
    Statement last = db_.query(
        "SELECT closed_boottime_ns FROM owners"
        " WHERE id = (SELECT max(id) FROM owners) AND boot_id = ?1 AND boot_id <> ''",
        boot);
    if (last.next() && !last.is_null(0)) last_closed_ = std::chrono::nanoseconds{last.integer(0)};
    ever_sent_ = db_.query("SELECT 1 FROM attempts LIMIT 1").next();
  }
  db_.run("INSERT INTO owners (boot_id, pid, opened_at_us, opened_boottime_ns) VALUES (?1, ?2, ?3, ?4)", boot,
          std::int64_t{getpid()}, now, boot_clock_.since_boot().count());
  owner_ = db_.last_insert_id();

  std::vector<RunId> unsealed;
  {
    Statement row = db_.query("SELECT id FROM runs WHERE sealed = 0");
    while (row.next()) unsealed.push_back(RunId{row.integer(0)});
  }
  for (const RunId run : unsealed) drop(run);
  transaction.commit();
}

std::optional<std::chrono::nanoseconds> SqliteStore::silent_for() const {
  if (!ever_sent_) return very_long;
  if (!last_closed_) return std::nullopt;
  return boot_clock_.since_boot() - *last_closed_;
}

Result<void> SqliteStore::begin() {
  return answer([&] {
    if (grouped_) fail(ErrorKind::unexpected, "a group of store verbs was begun inside a group");
    db_.run("BEGIN IMMEDIATE");
    grouped_ = true;
  });
}

Result<void> SqliteStore::commit() {
  if (!grouped_)
    return Error{ErrorKind::unexpected, "a group of store verbs was committed but never begun", {}};
  grouped_ = false;
  if (group_lost_) {
    const Error lost = *group_lost_;
    group_lost_.reset();
    return lost;
  }
  reach(KillPoint::commit_before);
  Result<void> committed = answer([&] { db_.run("COMMIT"); });
  reach(KillPoint::commit_after);
  if (committed.has_error() && !db_.is_stopped() && db_.in_transaction()) {
    answer([&] { db_.run("ROLLBACK"); }).has_error();
  }
  return committed;
}

Result<void> SqliteStore::set_run_control(RunId run, RunControl control, std::string_view reason,
                                          UtcTime now) {
  return write([&] {
    queries::require_run(db_, run);
    const int changed = db_.run(
        "UPDATE runs SET control = ?2, control_reason = CASE WHEN ?2 = 'active' THEN '' ELSE ?3 END"
        " WHERE id = ?1 AND (control <> 'canceled' OR ?2 = 'canceled')"
        "   AND (?2 <> 'canceled' OR finished_at_us IS NULL OR control = 'canceled')",
        run, control, reason);
    if (changed != 1) {
      const bool to_cancel = control == RunControl::canceled;
      fail(
          ErrorKind::refused,
          fmt::format("run {} {}", run.value, to_cancel ? "has already finished" : "was canceled"),
          to_cancel ? "See what came of it: sluice results." : "Submit the job again for what was not sent.");
    }
    if (control == RunControl::canceled) {
      cancel_pending(run);
      note_finish(run, now);
    }
    const std::string_view what = control == RunControl::active   ? "run_resumed"
                                  : control == RunControl::paused ? "run_paused"
                                                                  : "run_canceled";
    record_event(now, run, std::nullopt, what, reason);
  });
}

// A chunk of which some attempt may have been executed stays in doubt: to call it canceled would say that its
// devices got nothing.
void SqliteStore::cancel_pending(RunId run) {
  CounterChange change;
  {
    Statement row = db_.query(
        "SELECT unclear, count(*), sum(devices) FROM chunks"
        " WHERE run = ?1 AND state = 'pending' GROUP BY unclear",
        run);
    while (row.next()) {
      const bool unclear = row.integer(0) == 1;
      (unclear ? change.chunks.in_doubt : change.chunks.canceled) = row.integer(1);
      (unclear ? change.devices.in_doubt : change.devices.canceled) = row.integer(2);
    }
  }
  change.chunks.pending = -(change.chunks.in_doubt + change.chunks.canceled);
  change.devices.pending = -(change.devices.in_doubt + change.devices.canceled);
  db_.run(
      "UPDATE chunks SET state = CASE unclear WHEN 1 THEN 'in_doubt' ELSE 'canceled' END, replay = 0"
      " WHERE run = ?1 AND state = 'pending'",
      run);
  change_counters(run, change);
}

Result<void> SqliteStore::set_tenant_pause(std::string_view tenant, std::string_view reason, UtcTime now) {
  return write([&] {
    db_.run(
        "INSERT INTO tenants (name, paused_reason) VALUES (?1, ?2)"
        " ON CONFLICT (name) DO UPDATE SET paused_reason = excluded.paused_reason",
        tenant, reason);
    record_event(now, std::nullopt, tenant, reason.empty() ? "tenant_resumed" : "tenant_paused", reason);
  });
}

Result<void> SqliteStore::move_run(RunId run, std::string_view endpoint, double rate) {
  return write([&] {
    queries::require_run(db_, run);
    db_.run("UPDATE runs SET endpoint = ?2, rate = max(rate, ?3) WHERE id = ?1", run, endpoint, rate);
  });
}

void SqliteStore::change_counters(RunId run, const CounterChange& change) {
  db_.run(
      "UPDATE runs SET"
      " devices_pending = devices_pending + ?2, devices_in_flight = devices_in_flight + ?3,"
      " devices_accepted = devices_accepted + ?4, devices_presumed = devices_presumed + ?5,"
      " devices_failed = devices_failed + ?6, devices_in_doubt = devices_in_doubt + ?7,"
      " devices_canceled = devices_canceled + ?8,"
      " chunks_pending = chunks_pending + ?9, chunks_in_flight = chunks_in_flight + ?10,"
      " chunks_accepted = chunks_accepted + ?11, chunks_presumed = chunks_presumed + ?12,"
      " chunks_failed = chunks_failed + ?13, chunks_in_doubt = chunks_in_doubt + ?14,"
      " chunks_canceled = chunks_canceled + ?15, chunks_split = chunks_split + ?16,"
      " requests = requests + ?17, throttled = throttled + ?18"
      " WHERE id = ?1",
      run, change.devices.pending, change.devices.in_flight, change.devices.accepted, change.devices.presumed,
      change.devices.failed, change.devices.in_doubt, change.devices.canceled, change.chunks.pending,
      change.chunks.in_flight, change.chunks.accepted, change.chunks.presumed, change.chunks.failed,
      change.chunks.in_doubt, change.chunks.canceled, change.chunks.split, change.requests, change.throttled);
}

void SqliteStore::note_finish(RunId run, UtcTime now) {
  db_.run(
      "UPDATE runs SET finished_at_us = ?2"
      " WHERE id = ?1 AND finished_at_us IS NULL AND chunks_pending = 0 AND chunks_in_flight = 0",
      run, now);
}

void SqliteStore::record_event(UtcTime at, std::optional<RunId> run, std::optional<std::string_view> tenant,
                               std::string_view what, std::string_view reason) {
  db_.run("INSERT INTO events (at_us, run, tenant, what, reason) VALUES (?1, ?2, ?3, ?4, ?5)", at, run,
          tenant, what, reason);
}

}  // namespace sluice
