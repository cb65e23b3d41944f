// SPDX-License-Identifier: MIT
// Schedules, their coming ticks and what became of the past ones, in words and as JSON.
#pragma once

#include <string>
#include <vector>

#include "http_api/json_text.hpp"
#include "sluice/engine/schedule_control.hpp"
#include "sluice/store/schedule_book.hpp"

namespace sluice {

/// {"schedule","state","revision","job","job_file","folder","cron","zone","missed","run_all_max",
/// "start_deadline_seconds","overlap","spread_seconds","until","added_at","revised_at","revised_by","next"}:
/// "next" is when it is due next, or null.
void write_schedule(JsonText& json, const InstalledSchedule& schedule, UtcTime now);
/// {"at","kind","state","ticks","reason","run","decided_at","actor"}
void write_tick(JsonText& json, const TickRecord& tick);

std::string schedules_json(const std::vector<InstalledSchedule>& schedules, UtcTime now);
/// A line each; says so if there are none.
std::string schedules_text(const std::vector<InstalledSchedule>& schedules, UtcTime now);

/// @param ticks the newest first
std::string schedule_json(const InstalledSchedule& schedule, const std::vector<TickRecord>& ticks,
                          UtcTime now);
std::string schedule_text(const InstalledSchedule& schedule, const std::vector<TickRecord>& ticks,
                          UtcTime now);

/// {"schema_version","zone","ticks":[{"due_at","local","clock_change":{"at","before_seconds","after_seconds"}}]}
std::string coming_json(const std::string& zone, const std::vector<ComingTick>& ticks);
/// Local time, UTC, and a line where the zone's clocks are set in between.
std::string coming_text(const std::string& zone, const std::vector<ComingTick>& ticks);

}  // namespace sluice
