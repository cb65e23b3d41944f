// SPDX-License-Identifier: MIT
#include "app/schedule_report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/display_text.hpp"
#include "sluice/core/tick_rules.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

using std::chrono::seconds;

std::optional<std::string> next_due(const InstalledSchedule& schedule, UtcTime now) {
  if (schedule.record.state != ScheduleState::active) return std::nullopt;
  const auto ticks = coming_ticks(schedule.schedule, schedule.timetable, schedule.record.name, now, 1);
  if (ticks.empty()) return std::nullopt;
  return to_iso_seconds(ticks.front().due_at);
}

std::string_view missed_word(MissedTicks::Policy policy) {
  switch (policy) {
    case MissedTicks::Policy::skip:
      return "skip";
    case MissedTicks::Policy::run_once:
      return "run_once";
    case MissedTicks::Policy::run_all:
      return "run_all";
  }
  return "skip";
}

std::string missed_text(const MissedTicks& missed) {
  if (missed.policy != MissedTicks::Policy::run_all) return std::string{missed_word(missed.policy)};
  return fmt::format("run_all, {} at most", missed.max);
}

/// "+02:00"
std::string offset_text(seconds offset) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(std::chrono::abs(offset)).count();
  return fmt::format("{}{:02}:{:02}", offset < seconds{0} ? '-' : '+', minutes / 60, minutes % 60);
}

seconds offset_at(const std::string& zone, UtcTime time) {
  return std::chrono::duration_cast<seconds>(local_time(zone, time) - time);
}

/// "2026-03-29T03:00:00+02:00"
std::string local_text(const std::string& zone, UtcTime time) {
  std::string text = to_iso_seconds(local_time(zone, time));
  text.pop_back();
  return text + offset_text(offset_at(zone, time));
}

std::string tick_line(const TickRecord& tick) {
  std::string line =
      fmt::format("  {}  {:<9}  {}", to_iso_seconds(tick.at), to_string(tick.kind), to_string(tick.state));
  if (tick.run) line += fmt::format(": run {}", tick.run->value);
  if (!tick.reason.empty()) line += ": " + printable(tick.reason, 200);
  if (tick.ticks > 1) line += fmt::format(" ({} up to then)", counted(tick.ticks, "tick"));
  if (!tick.actor.empty()) line += fmt::format(", by {}", printable(tick.actor, 64));
  return line + "\n";
}

}  // namespace

void write_schedule(JsonText& json, const InstalledSchedule& schedule, UtcTime now) {
  const ScheduleRecord& record = schedule.record;
  const Schedule& terms = schedule.schedule;
  json.begin_object().member("schedule", record.name).member("state", to_string(record.state));
  json.member("revision", record.revision)
      .member("job", schedule.job_name)
      .member("job_file", record.job_file);
  json.member("folder", record.folder).member("cron", terms.cron).member("zone", terms.zone);
  json.member("missed", missed_word(terms.missed.policy)).key("run_all_max");
  terms.missed.policy == MissedTicks::Policy::run_all ? json.value(terms.missed.max) : json.null();
  json.key("start_deadline_seconds").decimal(static_cast<double>(terms.start_deadline.count()) / 1000, 3);
  json.member("overlap", to_string(terms.overlap)).key("spread_seconds");
  json.decimal(static_cast<double>(terms.spread.count()) / 1000, 3).key("until");
  terms.until ? json.value(to_iso_seconds(*terms.until)) : json.null();
  json.member("added_at", to_rfc3339(record.added_at)).member("revised_at", to_rfc3339(record.revised_at));
  json.member("revised_by", record.actor).member("next", next_due(schedule, now)).end_object();
}

void write_tick(JsonText& json, const TickRecord& tick) {
  json.begin_object().member("at", to_iso_seconds(tick.at)).member("kind", to_string(tick.kind));
  json.member("state", to_string(tick.state))
      .member("ticks", tick.ticks)
      .member("reason", tick.reason)
      .key("run");
  tick.run ? json.value(tick.run->value) : json.null();
  json.member("decided_at", to_rfc3339(tick.decided_at)).member("actor", tick.actor).end_object();
}

std::string schedules_json(const std::vector<InstalledSchedule>& schedules, UtcTime now) {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version).key("schedules").begin_array();
  for (const InstalledSchedule& schedule : schedules) write_schedule(json, schedule, now);
  return json.end_array().end_object().end_document().take();
}

std::string schedules_text(const std::vector<InstalledSchedule>& schedules, UtcTime now) {
  if (schedules.empty()) return "no schedules\n";
  std::string text;
  for (const InstalledSchedule& schedule : schedules) {
    const std::string due =
        next_due(schedule, now)
            .value_or(schedule.record.state == ScheduleState::paused ? "paused" : "no tick left");
    text += fmt::format("{}  {}  {} ({})\n", padded(printable(schedule.record.name, 128), 24),
                        padded(due, 20), printable(schedule.schedule.cron, 64), schedule.schedule.zone);
  }
  return text;
}

std::string schedule_json(const InstalledSchedule& schedule, const std::vector<TickRecord>& ticks,
                          UtcTime now) {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version).key("schedule");
  write_schedule(json, schedule, now);
  json.key("ticks").begin_array();
  for (const TickRecord& tick : ticks) write_tick(json, tick);
  return json.end_array().end_object().end_document().take();
}

std::string schedule_text(const InstalledSchedule& schedule, const std::vector<TickRecord>& ticks,
                          UtcTime now) {
  const ScheduleRecord& record = schedule.record;
  const Schedule& terms = schedule.schedule;
  std::string text = fmt::format("schedule {} of job {}: {}, revision {} by {}\n",
                                 printable(record.name, 128), printable(schedule.job_name, 128),
                                 to_string(record.state), record.revision, printable(record.actor, 64));
  text += fmt::format("  due             {} ({}), next {}\n", printable(terms.cron, 64), terms.zone,
                      next_due(schedule, now).value_or("never"));
  text += fmt::format("  missed          {}, within {}\n", missed_text(terms.missed),
                      duration_text(terms.start_deadline));
  text += fmt::format("  overlap         {}\n", to_string(terms.overlap));
  if (terms.spread.count() > 0) {
    text += fmt::format("  spread          {} of {}\n",
                        duration_text(spread_offset(record.name, terms.spread)), duration_text(terms.spread));
  }
  if (terms.until) text += fmt::format("  until           {}\n", to_iso_seconds(*terms.until));
  text += ticks.empty() ? "no ticks yet\n" : "ticks, newest first:\n";
  for (const TickRecord& tick : ticks) text += tick_line(tick);
  return text;
}

std::string coming_json(const std::string& zone, const std::vector<ComingTick>& ticks) {
  JsonText json;
  json.begin_object()
      .member("schema_version", json_schema_version)
      .member("zone", zone)
      .key("ticks")
      .begin_array();
  for (const ComingTick& tick : ticks) {
    json.begin_object()
        .member("due_at", to_iso_seconds(tick.due_at))
        .member("local", local_text(zone, tick.due_at));
    json.key("clock_change");
    if (tick.clock_change) {
      json.begin_object().member("at", to_iso_seconds(tick.clock_change->at));
      json.member("before_seconds", std::int64_t{tick.clock_change->before.count()});
      json.member("after_seconds", std::int64_t{tick.clock_change->after.count()}).end_object();
    } else {
      json.null();
    }
    json.end_object();
  }
  return json.end_array().end_object().end_document().take();
}

std::string coming_text(const std::string& zone, const std::vector<ComingTick>& ticks) {
  std::string text = ticks.empty() ? "no tick left\n" : fmt::format("{}  UTC\n", padded(zone, 25));
  for (const ComingTick& tick : ticks) {
    if (const auto& change = tick.clock_change) {
      text += fmt::format("-- at {} the clocks go {} from {} to {}\n", to_iso_seconds(change->at),
                          change->after > change->before ? "forward" : "back", offset_text(change->before),
                          offset_text(change->after));
    }
    text += fmt::format("{}  {}\n", padded(local_text(zone, tick.due_at), 25), to_iso_seconds(tick.due_at));
  }
  return text;
}

}  // namespace sluice
