// SPDX-License-Identifier: MIT
// Grouping, and the operator's hand on runs and tenants.
#include "store/sqlite/sqlite_store.hpp"

#include <fmt/format.h>

#include "sluice/core/kill_point.hpp"
#include "sluice/core/mutation.hpp"

namespace sluice {

Result<void> SqliteStore::begin() {
  return answer([&] {
    if (grouped_) fail(ErrorKind::unexpected, "a group of store verbs was begun inside a group");
    require_in_place();
    db_.run("BEGIN IMMEDIATE");
    grouped_ = true;
  });
}

void SqliteStore::abandon() {
  if (!grouped_) return;
  grouped_ = false;
  group_lost_.reset();
  newest_attempt_ = beside_.attempt;
  if (db_.in_transaction()) answer([&] { db_.run("ROLLBACK"); }).has_error();
}

Result<void> SqliteStore::commit() {
  if (!grouped_)
    return Error{ErrorKind::unexpected, "a group of store verbs was committed but never begun", {}};
  grouped_ = false;
  if (group_lost_) {
    const Error lost = *group_lost_;
    group_lost_.reset();
    newest_attempt_ = beside_.attempt;
    return lost;
  }
  reach(KillPoint::commit_before);
  Result<void> committed = answer([&] { db_.run("COMMIT"); });
  reach(KillPoint::commit_after);
  if (committed.has_error()) newest_attempt_ = beside_.attempt;
  note_progress();
  if (committed.has_error() && !db_.is_stopped() && db_.in_transaction()) {
    answer([&] { db_.run("ROLLBACK"); }).has_error();
  }
  return committed;
}

namespace {

std::string_view event_of(RunControl control) {
  switch (control) {
    case RunControl::active:
      return "run_resumed";
    case RunControl::paused:
      return "run_paused";
    case RunControl::canceled:
      break;
  }
  return "run_canceled";
}

}  // namespace

Result<void> SqliteStore::set_run_control(const RunOrder& order) {
  return write([&] {
    queries::require_run(db_, order.run);
    const RunControl before = control_of(order.run);
    // What the program finds out comes after what a person has said meanwhile, and after the end.
    const bool is_of_program =
        order.control == RunControl::paused && order.cause != ControlCause::operator_order;
    if (is_of_program && !is_under_way(order.run)) return;
    const bool to_activate = order.control == RunControl::active;
    const int changed = db_.run(
        "UPDATE runs SET control = ?2, control_reason = ?3, control_cause = ?4"
        " WHERE id = ?1 AND (control <> 'canceled' OR ?2 = 'canceled')"
        "   AND (?2 <> 'canceled' OR finished_at_us IS NULL OR control = 'canceled')",
        order.run, order.control, to_activate ? std::string{} : order.reason,
        to_activate ? ControlCause::none : order.cause);
    if (changed != 1) {
      const bool to_cancel = order.control == RunControl::canceled;
      fail(
          ErrorKind::refused,
          fmt::format("run {} {}", order.run.value, to_cancel ? "has already finished" : "was canceled"),
          to_cancel ? "See what came of it: sluice results." : "Submit the job again for what was not sent.");
    }
    if (order.control == RunControl::canceled) cancel_run(order.run, order.now);
    record_event(order.now, order.run, std::nullopt, event_of(order.control), order.reason, order.actor);
    record_order(order.now, order.actor, event_of(order.control), in_words(order.run),
                 std::string{to_string(before)}, std::string{to_string(order.control)}, order.reason);
  });
}

RunControl SqliteStore::control_of(RunId run) {
  Statement row = db_.query("SELECT control FROM runs WHERE id = ?1", run);
  row.next();
  return queries::known(run_control_from(row.text(0)), db_);
}

bool SqliteStore::is_under_way(RunId run) {
  return db_.query("SELECT 1 FROM runs WHERE id = ?1 AND control = 'active' AND finished_at_us IS NULL", run)
      .next();
}

void SqliteStore::cancel_run(RunId run, UtcTime now) {
  if (is_seeded(Mutation::cancel_keeps_pending)) return;
  cancel_pending(run);
  note_finish(run, now);
}

void SqliteStore::cancel_pending(RunId run) {
  CounterChange change;
  for (const bool unclear : {false, true}) {
    const ChunkState state = cancel(ChunkState::pending, unclear).value_or(ChunkState::in_doubt);
    {
      Statement row = db_.query(
          "SELECT count(*), coalesce(sum(devices), 0) FROM chunks"
          " WHERE run = ?1 AND state = 'pending' AND unclear = ?2",
          run, unclear ? 1 : 0);
      row.next();
      change.move(ChunkState::pending, state, row.integer(0), row.integer(1));
    }
    db_.run("UPDATE chunks SET state = ?3, replay = 0 WHERE run = ?1 AND state = 'pending' AND unclear = ?2",
            run, unclear ? 1 : 0, state);
  }
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

Result<void> SqliteStore::lift_tenant_pause(std::string_view tenant, std::string_view actor,
                                            std::string_view words, UtcTime now) {
  return write([&] {
    std::string before;
    {
      Statement row = db_.query("SELECT paused_reason FROM tenants WHERE name = ?1", tenant);
      if (row.next()) before = row.string(0);
    }
    if (before.empty()) return;
    db_.run("UPDATE tenants SET paused_reason = '' WHERE name = ?1", tenant);
    record_event(now, std::nullopt, tenant, "tenant_resumed", words, actor);
    record_order(now, actor, "tenant_resumed", fmt::format("tenant {}", tenant), std::move(before), "",
                 std::string{words});
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
                               std::string_view what, std::string_view reason, std::string_view actor) {
  db_.run("INSERT INTO events (at_us, run, tenant, what, reason, actor) VALUES (?1, ?2, ?3, ?4, ?5, ?6)", at,
          run, tenant, what, reason, actor);
}

}  // namespace sluice
