// SPDX-License-Identifier: MIT
// Schedules are added, revised and steered, and their ticks decided.
#include <fmt/format.h>

#include "sluice/core/kill_point.hpp"
#include "store/sqlite/schedule_queries.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace sluice {
namespace {

TickState state_after(TickDecision::Verdict verdict) {
  switch (verdict) {
    case TickDecision::Verdict::fire:
      return TickState::started;
    case TickDecision::Verdict::queue:
      return TickState::queued;
    case TickDecision::Verdict::skip:
      return TickState::skipped;
  }
  return TickState::skipped;
}

std::string reason_of(const TickRecording& recording, const TickDecision& decision) {
  if (decision.verdict != TickDecision::Verdict::skip) return {};
  return recording.reason.empty() ? std::string{to_string(decision.reason)} : recording.reason;
}

std::string in_words(std::string_view schedule) { return fmt::format("schedule {}", schedule); }

std::string in_words(const RecordedTick& tick) {
  const TickDecision& decision = tick.decision;
  const std::string at = to_iso_seconds(decision.at);
  if (decision.verdict != TickDecision::Verdict::skip)
    return fmt::format("tick {} {}", at, to_string(state_after(decision.verdict)));
  return fmt::format("tick {} skipped: {}", at, to_string(decision.reason));
}

/// What a person's order for ticks came to.
std::string in_words(const std::vector<RecordedTick>& ticks) {
  if (ticks.empty()) return "no tick that was not there already";
  if (ticks.size() == 1) return in_words(ticks.front());
  return fmt::format("{} ticks queued, {} to {}", ticks.size(), to_iso_seconds(ticks.front().decision.at),
                     to_iso_seconds(ticks.back().decision.at));
}

}  // namespace

void SqliteStore::record_schedule_event(ScheduleId schedule, std::string_view what, std::string_view reason,
                                        std::string_view actor, UtcTime now) {
  db_.run("INSERT INTO events (at_us, schedule, what, reason, actor) VALUES (?1, ?2, ?3, ?4, ?5)", now,
          schedule, what, reason, actor);
}

Result<ScheduleId> SqliteStore::add_schedule(const NewSchedule& schedule) {
  return write([&] {
    if (queries::schedule(db_, schedule.name)) {
      fail(ErrorKind::refused, fmt::format("there is a schedule named \"{}\" already", schedule.name),
           "Give this one another name, or remove that one: sluice schedule remove");
    }
    const ScheduleState state = schedule.is_paused ? ScheduleState::paused : ScheduleState::active;
    db_.run(
        "INSERT INTO schedules (name, state, revision, job_file, decided_to_us) VALUES (?1, ?2, 1, ?3, ?4)",
        schedule.name, to_string(state), schedule.job_file, schedule.now);
    const ScheduleId id{db_.last_insert_id()};
    db_.run(
        "INSERT INTO schedule_revisions (schedule, revision, at_us, actor, job_text, folder)"
        " VALUES (?1, 1, ?2, ?3, ?4, ?5)",
        id, schedule.now, schedule.actor, schedule.job_text, schedule.folder);
    record_schedule_event(id, "schedule_added", schedule.name, schedule.actor, schedule.now);
    const std::string file = schedule.job_file.empty() ? "" : ", file " + schedule.job_file;
    record_order(schedule.now, schedule.actor, "schedule_added", in_words(schedule.name), "",
                 fmt::format("{}, revision 1{}", to_string(state), file));
    return id;
  });
}

Result<std::int64_t> SqliteStore::revise_schedule(const ScheduleRevision& revision) {
  return write([&] {
    std::int64_t newest = 0;
    std::string name;
    {
      Statement row = db_.query(
          "SELECT schedules.revision, newest.job_text = ?2 AND newest.folder = ?3, schedules.name"
          "  FROM schedules JOIN schedule_revisions AS newest"
          "    ON newest.schedule = schedules.id AND newest.revision = schedules.revision"
          " WHERE schedules.id = ?1 AND schedules.state <> 'retired'",
          revision.schedule, revision.job_text, revision.folder);
      if (!row.next())
        fail(ErrorKind::not_found, fmt::format("there is no schedule {}", revision.schedule.value));
      newest = row.integer(0);
      name = row.string(2);
      if (row.integer(1) == 1) return newest;
    }
    db_.run(
        "INSERT INTO schedule_revisions (schedule, revision, at_us, actor, job_text, folder)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        revision.schedule, newest + 1, revision.now, revision.actor, revision.job_text, revision.folder);
    db_.run("UPDATE schedules SET revision = ?2 WHERE id = ?1", revision.schedule, newest + 1);
    record_schedule_event(revision.schedule, "schedule_revised", fmt::format("revision {}", newest + 1),
                          revision.actor, revision.now);
    record_order(revision.now, revision.actor, "schedule_revised", in_words(name),
                 fmt::format("revision {}", newest), fmt::format("revision {}", newest + 1));
    return newest + 1;
  });
}

Result<bool> SqliteStore::set_schedule_state(const ScheduleOrder& order) {
  return write([&] {
    std::string name;
    std::string before;
    {
      Statement row =
          db_.query("SELECT name, state FROM schedules WHERE id = ?1 AND state <> 'retired'", order.schedule);
      if (!row.next())
        fail(ErrorKind::not_found, fmt::format("there is no schedule {}", order.schedule.value));
      name = row.string(0);
      before = row.string(1);
    }
    if (before == to_string(order.state)) return false;
    db_.run("UPDATE schedules SET state = ?2 WHERE id = ?1", order.schedule, to_string(order.state));
    if (order.state == ScheduleState::retired) {
      db_.run(
          "UPDATE ticks SET state = 'skipped', reason = 'retired', decided_at_us = ?2"
          " WHERE schedule = ?1 AND state = 'queued'",
          order.schedule, order.now);
    }
    const std::string what = order.state == ScheduleState::active
                                 ? "schedule_resumed"
                                 : fmt::format("schedule_{}", to_string(order.state));
    record_schedule_event(order.schedule, what, order.reason, order.actor, order.now);
    record_order(order.now, order.actor, what, in_words(name), before, std::string{to_string(order.state)},
                 order.reason);
    return true;
  });
}

Result<void> SqliteStore::move_schedule(const ScheduleMove& move) {
  return write([&] {
    std::string name;
    std::string before;
    {
      Statement row = db_.query("SELECT name, job_file FROM schedules WHERE id = ?1 AND state <> 'retired'",
                                move.schedule);
      if (!row.next())
        fail(ErrorKind::not_found, fmt::format("there is no schedule {}", move.schedule.value));
      name = row.string(0);
      before = row.string(1);
    }
    db_.run("UPDATE schedules SET job_file = ?2 WHERE id = ?1", move.schedule, move.job_file);
    record_schedule_event(move.schedule, "schedule_moved", fmt::format("{} to {}", before, move.job_file),
                          move.actor, move.now);
    record_order(move.now, move.actor, "schedule_moved", in_words(name), "file " + before,
                 "file " + move.job_file);
  });
}

std::optional<TickId> SqliteStore::record_new_tick(const TickRecording& recording,
                                                   const TickDecision& decision) {
  const TickState state = state_after(decision.verdict);
  Statement row = db_.query(
      "INSERT INTO ticks (schedule, revision, at_us, kind, state, decided_at_us, ticks, reason, actor)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
      " ON CONFLICT (schedule, at_us) WHERE kind <> 'triggered' DO UPDATE"
      "   SET revision = excluded.revision, kind = excluded.kind, state = excluded.state,"
      "       decided_at_us = excluded.decided_at_us, ticks = 1, reason = excluded.reason, actor = "
      "excluded.actor"
      " WHERE ticks.state IN ('skipped', 'failed') AND excluded.state <> 'skipped'"
      " RETURNING id",
      recording.schedule, recording.revision, decision.at, to_string(recording.kind), to_string(state),
      recording.now, decision.ticks, reason_of(recording, decision), recording.actor);
  if (!row.next()) return std::nullopt;
  return TickId{row.integer(0)};
}

std::optional<TickId> SqliteStore::record_waiting_tick(const TickRecording& recording,
                                                       const TickDecision& decision) {
  const int changed = db_.run(
      "UPDATE ticks SET state = ?2, revision = ?3, decided_at_us = ?4, reason = ?5"
      " WHERE id = ?1 AND state = 'queued'",
      *decision.id, to_string(state_after(decision.verdict)), recording.revision, recording.now,
      reason_of(recording, decision));
  if (changed == 0) return std::nullopt;
  return decision.id;
}

Result<std::vector<RecordedTick>> SqliteStore::record_ticks(const TickRecording& recording) {
  return write([&] {
    std::vector<RecordedTick> recorded;
    for (const TickDecision& decision : recording.decisions) {
      const std::optional<TickId> id =
          decision.id ? record_waiting_tick(recording, decision) : record_new_tick(recording, decision);
      if (!id) continue;
      reach(KillPoint::tick_insert);
      recorded.push_back({*id, decision});
      if (decision.verdict != TickDecision::Verdict::skip) continue;
      const std::string count = decision.ticks > 1 ? fmt::format(" ({} ticks)", decision.ticks) : "";
      record_schedule_event(
          recording.schedule, "tick_skipped",
          fmt::format("{}: {}{}", to_iso_seconds(decision.at), reason_of(recording, decision), count),
          recording.actor, recording.now);
    }
    if (recording.decided_to)
      db_.run("UPDATE schedules SET decided_to_us = ?2 WHERE id = ?1", recording.schedule,
              *recording.decided_to);
    record_tick_order(recording, recorded);
    return recorded;
  });
}

/// Of what a person has asked for; what the clock brings is nobody's order.
void SqliteStore::record_tick_order(const TickRecording& recording,
                                    const std::vector<RecordedTick>& recorded) {
  if (recording.actor.empty()) return;
  std::string name;
  {
    Statement row = db_.query("SELECT name FROM schedules WHERE id = ?1", recording.schedule);
    if (row.next()) name = row.string(0);
  }
  const bool is_trigger = recording.kind == TickKind::triggered;
  record_order(recording.now, recording.actor, is_trigger ? "schedule_triggered" : "schedule_backfilled",
               in_words(name), "", in_words(recorded));
}

Result<void> SqliteStore::fail_tick(TickId tick, const std::string& reason, UtcTime now) {
  return write([&] {
    const int changed = db_.run(
        "UPDATE ticks SET state = 'failed', reason = ?2, decided_at_us = ?3 WHERE id = ?1 AND state = "
        "'started'",
        tick, reason, now);
    if (changed != 1) fail(ErrorKind::refused, fmt::format("tick {} is not being submitted", tick.value));
    db_.run(
        "INSERT INTO events (at_us, schedule, what, reason)"
        " SELECT ?2, schedule, 'tick_failed', ?3 FROM ticks WHERE id = ?1",
        tick, now, reason);
  });
}

Result<std::int64_t> SqliteStore::requeue_started_ticks(UtcTime now) {
  return write([&] {
    return std::int64_t{
        db_.run("UPDATE ticks SET state = 'queued', reason = ?1, decided_at_us = ?2"
                " WHERE state = 'started'",
                queries::cut_off, now)};
  });
}

}  // namespace sluice
