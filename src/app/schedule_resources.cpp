// SPDX-License-Identifier: MIT
#include "app/schedule_resources.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <span>
#include <utility>

#include "app/schedule_report.hpp"
#include "http_api/resources/page_answer.hpp"
#include "http_api/resources/query_reader.hpp"
#include "sluice/engine/schedule_control.hpp"
#include "sluice/store/schedule_book.hpp"

namespace sluice {
namespace {

constexpr std::size_t ticks_shown_with_it = 20;

/// One that cannot be read here any more is no reason to show none of the others.
void write_listed(JsonText& json, const ScheduleRecord& record, UtcTime now) {
  const Result<InstalledSchedule> schedule = installed(record);
  if (schedule.has_value()) {
    write_schedule(json, *schedule, now);
    return;
  }
  json.begin_object().member("schedule", record.name).member("state", to_string(record.state));
  json.member("revision", record.revision).member("job_file", record.job_file);
  json.member("error", schedule.error().message).end_object();
}

Result<ApiAnswer> list_schedules(StoreReader& store, const ApiRequest& request, UtcTime now) {
  QueryReader query{request};
  const std::size_t limit = query.limit();
  const std::optional<Cursor> cursor = query.cursor("schedules", 0);
  if (query.problem()) return *query.problem();
  const auto all = store.schedule_reader().schedules();
  if (all.has_error()) return all.error();
  auto one = all->begin();
  if (cursor)
    one =
        std::ranges::find_if(*all, [&](const ScheduleRecord& record) { return record.name > cursor->text; });
  PageAnswer answer{request};
  std::optional<Cursor> next;
  // Each is a job's text: those alone that are shown are read.
  for (std::size_t rows = 0; one != all->end(); ++one, ++rows) {
    if (rows == limit) {
      next = Cursor{.list = "schedules", .numbers = {}, .text = std::prev(one)->name};
      break;
    }
    write_listed(answer.items(), *one, now);
  }
  return answer.finish(next, static_cast<std::int64_t>(all->size()));
}

Result<ApiAnswer> show_schedule(StoreReader& store, const ApiRequest& request, UtcTime now) {
  const Result<InstalledSchedule> schedule = known_schedule(store, request.parameter("name"));
  if (schedule.has_error()) return schedule.error();
  const auto ticks = store.schedule_reader().ticks(schedule->record.id, ticks_shown_with_it);
  if (ticks.has_error()) return ticks.error();
  return json_answer(schedule_json(*schedule, *ticks, now));
}

Result<ApiAnswer> list_ticks(StoreReader& store, const ApiRequest& request, UtcTime /*now*/) {
  QueryReader query{request};
  const std::size_t limit = query.limit();
  std::optional<TickId> before;
  if (const auto cursor = query.cursor("ticks", 1)) before = TickId{cursor->numbers[0]};
  if (query.problem()) return *query.problem();
  const Result<InstalledSchedule> schedule = known_schedule(store, request.parameter("name"));
  if (schedule.has_error()) return schedule.error();
  // One more than are shown tells whether there is another page.
  const auto ticks = store.schedule_reader().ticks(schedule->record.id, limit + 1, before);
  if (ticks.has_error()) return ticks.error();
  PageAnswer answer{request};
  for (const TickRecord& tick : std::span{*ticks}.first(std::min(limit, ticks->size())))
    write_tick(answer.items(), tick);
  std::optional<Cursor> next;
  if (ticks->size() > limit) next = Cursor{.list = "ticks", .numbers = {(*ticks)[limit - 1].id.value}};
  return answer.finish(next);
}

Result<ApiAnswer> show_coming_ticks(StoreReader& store, const ApiRequest& request, UtcTime now) {
  QueryReader query{request};
  const std::size_t limit = query.limit();
  if (query.problem()) return *query.problem();
  const Result<InstalledSchedule> read = known_schedule(store, request.parameter("name"));
  if (read.has_error()) return read.error();
  return json_answer(coming_json(
      read->schedule.zone, coming_ticks(read->schedule, read->timetable, read->record.name, now, limit)));
}

}  // namespace

std::vector<Resource> schedule_resources() {
  return {
      {"/api/v1/schedules", "listSchedules", {"limit", "cursor"}, list_schedules},
      {"/api/v1/schedules/{name}", "getSchedule", {}, show_schedule},
      {"/api/v1/schedules/{name}/ticks", "listTicks", {"limit", "cursor"}, list_ticks},
      {"/api/v1/schedules/{name}/next", "getComingTicks", {"limit"}, show_coming_ticks},
  };
}

}  // namespace sluice
