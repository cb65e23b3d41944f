// SPDX-License-Identifier: MIT
// What can be asked about schedules and their ticks.
#include "store/sqlite/schedule_queries.hpp"

#include <limits>

#include "store/sqlite/queries.hpp"

namespace sluice::queries {
namespace {

ScheduleRecord schedule_of(const Statement& row, const Connection& connection) {
  return {.id = {row.integer(0)},
          .name = row.string(1),
          .state = known(schedule_state_from(row.text(2)), connection),
          .revision = row.integer(3),
          .job_file = row.string(4),
          .job_text = row.string(5),
          .folder = row.string(6),
          .actor = row.string(7),
          .added_at = row.time(8),
          .revised_at = row.time(9),
          .decided_to = row.time(10)};
}

TickRecord tick_of(const Statement& row, const Connection& connection) {
  TickRecord tick{.id = {row.integer(0)},
                  .revision = row.integer(1),
                  .at = row.time(2),
                  .kind = known(tick_kind_from(row.text(3)), connection),
                  .state = known(tick_state_from(row.text(4)), connection),
                  .decided_at = row.time(5),
                  .ticks = row.integer(6),
                  .reason = row.string(7),
                  .actor = row.string(8),
                  .run = {}};
  if (!row.is_null(9)) tick.run = RunId{row.integer(9)};
  return tick;
}

std::vector<TickRecord> ticks_of(Statement rows, const Connection& connection) {
  std::vector<TickRecord> ticks;
  while (rows.next()) ticks.push_back(tick_of(rows, connection));
  return ticks;
}

}  // namespace

std::vector<ScheduleRecord> schedules(Connection& connection) {
  Statement row = connection.query(
      "SELECT schedules.id, schedules.name, schedules.state, schedules.revision, schedules.job_file,"
      "       newest.job_text, newest.folder, newest.actor, oldest.at_us, newest.at_us, "
      "schedules.decided_to_us"
      "  FROM schedules"
      "  JOIN schedule_revisions AS newest"
      "    ON newest.schedule = schedules.id AND newest.revision = schedules.revision"
      "  JOIN schedule_revisions AS oldest ON oldest.schedule = schedules.id AND oldest.revision = 1"
      " WHERE schedules.state <> 'retired' ORDER BY schedules.name");
  std::vector<ScheduleRecord> found;
  while (row.next()) found.push_back(schedule_of(row, connection));
  return found;
}

std::optional<ScheduleRecord> schedule(Connection& connection, std::string_view name) {
  Statement row = connection.query(
      "SELECT schedules.id, schedules.name, schedules.state, schedules.revision, schedules.job_file,"
      "       newest.job_text, newest.folder, newest.actor, oldest.at_us, newest.at_us, "
      "schedules.decided_to_us"
      "  FROM schedules"
      "  JOIN schedule_revisions AS newest"
      "    ON newest.schedule = schedules.id AND newest.revision = schedules.revision"
      "  JOIN schedule_revisions AS oldest ON oldest.schedule = schedules.id AND oldest.revision = 1"
      " WHERE schedules.name = ?1 AND schedules.state <> 'retired'",
      name);
  if (!row.next()) return std::nullopt;
  return schedule_of(row, connection);
}

std::vector<TickRecord> ticks(Connection& connection, ScheduleId schedule, std::size_t limit,
                              std::optional<TickId> before) {
  const TickId end = before.value_or(TickId{std::numeric_limits<std::int64_t>::max()});
  const auto rows_max =
      static_cast<std::int64_t>(std::min<std::size_t>(limit, std::numeric_limits<std::int32_t>::max()));
  return ticks_of(
      connection.query("SELECT id, revision, at_us, kind, state, decided_at_us, ticks, reason, actor, run"
                       "  FROM ticks WHERE schedule = ?1 AND id < ?3 ORDER BY id DESC LIMIT ?2",
                       schedule, rows_max, end),
      connection);
}

std::vector<TickRecord> ticks_between(Connection& connection, ScheduleId schedule, UtcTime from, UtcTime to) {
  return ticks_of(
      connection.query("SELECT id, revision, at_us, kind, state, decided_at_us, ticks, reason, actor, run"
                       "  FROM ticks"
                       " WHERE schedule = ?1 AND kind <> 'triggered' AND at_us BETWEEN ?2 AND ?3"
                       " ORDER BY at_us",
                       schedule, from, to),
      connection);
}

std::vector<WaitingTick> waiting_ticks(Connection& connection, ScheduleId schedule) {
  Statement row = connection.query(
      "SELECT id, at_us, kind, reason FROM ticks"
      " WHERE schedule = ?1 AND state IN ('queued', 'started') AND state = 'queued' ORDER BY at_us, id",
      schedule);
  std::vector<WaitingTick> waiting;
  while (row.next()) {
    waiting.push_back({.id = {row.integer(0)},
                       .at = row.time(1),
                       .kind = known(tick_kind_from(row.text(2)), connection),
                       .was_cut_off = row.text(3) == cut_off});
  }
  return waiting;
}

std::vector<RunId> unfinished_runs(Connection& connection, ScheduleId schedule) {
  // From the few runs that are unfinished, not from the many ticks.
  Statement row = connection.query(
      "SELECT runs.id FROM runs INDEXED BY runs_unfinished CROSS JOIN ticks ON ticks.id = runs.tick"
      " WHERE runs.sealed = 1 AND runs.finished_at_us IS NULL AND ticks.schedule = ?1 ORDER BY runs.id",
      schedule);
  std::vector<RunId> runs;
  while (row.next()) runs.push_back({row.integer(0)});
  return runs;
}

}  // namespace sluice::queries
