// SPDX-License-Identifier: MIT
// The events of the record, in the order in which they became durable, or from the newest back.
#include <limits>

#include "store/sqlite/page_queries.hpp"

namespace sluice::queries {
namespace {

constexpr std::int64_t events_looked_at_max = 10'000;

EventRow event_of(const Statement& row) {
  EventRow event;
  event.id = row.integer(0);
  event.at = row.time(1);
  if (!row.is_null(2)) event.run = RunId{row.integer(2)};
  event.tenant = row.string(3);
  event.schedule = row.string(4);
  event.job_file = row.string(5);
  event.what = row.string(6);
  event.reason = row.string(7);
  event.actor = row.string(8);
  return event;
}

Page<EventRow, std::int64_t> pick(Statement&& row, std::int64_t after, const EventsWanted& wanted) {
  Page<EventRow, std::int64_t> page;
  std::int64_t looked_at = 0;
  std::int64_t come_to = after;
  while (row.next()) {
    ++looked_at;
    const bool is_wanted =
        (!wanted.tenant || row.text(3) == *wanted.tenant) && (!wanted.what || row.text(6) == *wanted.what);
    if (is_wanted) {
      if (page.rows.size() == rows_of(wanted.limit)) {
        page.next = come_to;
        return page;
      }
      page.rows.push_back(event_of(row));
    }
    come_to = row.integer(0);
  }
  if (looked_at == events_looked_at_max) page.next = come_to;
  return page;
}

Page<EventRow, std::int64_t> oldest_first(Connection& connection, const EventsWanted& wanted) {
  const std::int64_t after = wanted.after.value_or(0);
  if (wanted.run) {
    return pick(
        connection.query("SELECT events.id, events.at_us, events.run,"
                         "       coalesce(events.tenant, runs.tenant, ''), coalesce(schedules.name, ''),"
                         "       events.job_file, events.what, events.reason, events.actor"
                         "  FROM events INDEXED BY events_of_run LEFT JOIN runs ON runs.id = events.run"
                         "  LEFT JOIN schedules ON schedules.id = events.schedule"
                         " WHERE events.run = ?1 AND events.id > ?2 ORDER BY events.id LIMIT ?3",
                         *wanted.run, after, events_looked_at_max),
        after, wanted);
  }
  return pick(
      connection.query("SELECT events.id, events.at_us, events.run,"
                       "       coalesce(events.tenant, runs.tenant, ''), coalesce(schedules.name, ''),"
                       "       events.job_file, events.what, events.reason, events.actor"
                       "  FROM events LEFT JOIN runs ON runs.id = events.run"
                       "  LEFT JOIN schedules ON schedules.id = events.schedule"
                       " WHERE events.id > ?1 ORDER BY events.id LIMIT ?2",
                       after, events_looked_at_max),
      after, wanted);
}

Page<EventRow, std::int64_t> newest_first(Connection& connection, const EventsWanted& wanted) {
  const std::int64_t before = wanted.after.value_or(std::numeric_limits<std::int64_t>::max());
  if (wanted.run) {
    return pick(
        connection.query("SELECT events.id, events.at_us, events.run,"
                         "       coalesce(events.tenant, runs.tenant, ''), coalesce(schedules.name, ''),"
                         "       events.job_file, events.what, events.reason, events.actor"
                         "  FROM events INDEXED BY events_of_run LEFT JOIN runs ON runs.id = events.run"
                         "  LEFT JOIN schedules ON schedules.id = events.schedule"
                         " WHERE events.run = ?1 AND events.id < ?2 ORDER BY events.id DESC LIMIT ?3",
                         *wanted.run, before, events_looked_at_max),
        before, wanted);
  }
  return pick(
      connection.query("SELECT events.id, events.at_us, events.run,"
                       "       coalesce(events.tenant, runs.tenant, ''), coalesce(schedules.name, ''),"
                       "       events.job_file, events.what, events.reason, events.actor"
                       "  FROM events LEFT JOIN runs ON runs.id = events.run"
                       "  LEFT JOIN schedules ON schedules.id = events.schedule"
                       " WHERE events.id < ?1 ORDER BY events.id DESC LIMIT ?2",
                       before, events_looked_at_max),
      before, wanted);
}

}  // namespace

Page<EventRow, std::int64_t> events_page(Connection& connection, const EventsWanted& wanted) {
  return wanted.order == EventOrder::oldest_first ? oldest_first(connection, wanted)
                                                  : newest_first(connection, wanted);
}

std::int64_t newest_event(Connection& connection) {
  Statement row = connection.query("SELECT coalesce(max(id), 0) FROM events");
  return row.next() ? row.integer(0) : 0;
}

}  // namespace sluice::queries
