// SPDX-License-Identifier: MIT
#include "sluice/engine/schedule_control.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "sluice/core/tick_rules.hpp"
#include "sluice/jobfile/device_name.hpp"
#include "sluice/jobfile/job_file.hpp"

namespace sluice {
namespace {

Error no_such_schedule(std::string_view name) {
  return {ErrorKind::not_found,
          fmt::format("there is no schedule \"{}\" in this store", printable(name, 128)),
          "`sluice schedule list` shows the schedules there are."};
}

Result<ScheduleRecord> known_record(StoreReader& store, std::string_view name) {
  Result<std::optional<ScheduleRecord>> found = store.schedule_reader().schedule(name);
  if (found.has_error()) return found.error();
  if (!*found) return no_such_schedule(name);
  return std::move(**found);
}

/// The job's name and schedule, from a text that must have one.
Result<Job> scheduled_job(const std::string& file, const std::string& text) {
  Result<Job> job = read_job(file, text);
  if (job.has_error()) return job.error();
  if (!job->schedule) {
    return Error{ErrorKind::invalid_input, fmt::format("{}: the job has no schedule", printable(file)),
                 "Give it a \"schedule\" block, or say when: --cron \"30 2 * * *\" --zone Asia/Shanghai"};
  }
  return job;
}

/// Records decisions of which the book keeper has the details.
Result<std::vector<RecordedTick>> record(Store& store, const ScheduleRecord& schedule,
                                         TickRecording recording) {
  recording.schedule = schedule.id;
  recording.revision = schedule.revision;
  return store.schedule_book().record_ticks(recording);
}

/// Everything that came due and was not decided yet is skipped for that reason. What waits goes on waiting.
Result<void> close_books(Store& store, const InstalledSchedule& schedule, const std::string& reason,
                         UtcTime now) {
  const TickPlan plan = decide_ticks({.timetable = schedule.timetable,
                                      .schedule = schedule.schedule,
                                      .name = schedule.record.name,
                                      .decided_to = schedule.record.decided_to,
                                      .present_since = now,
                                      .is_paused = true,
                                      .now = now});
  const auto recorded = record(store, schedule.record,
                               {.schedule = {},
                                .decisions = plan.decisions,
                                .decided_to = plan.decided_to,
                                .reason = reason,
                                .now = now});
  if (recorded.has_error()) return recorded.error();
  return {};
}

/// What can be closed is; a schedule that cannot be read has no ticks that could be.
Result<void> close_books_if_readable(Store& store, const ScheduleRecord& record, const std::string& reason,
                                     UtcTime now) {
  const Result<InstalledSchedule> before = installed(record);
  if (before.has_error()) return {};
  return close_books(store, *before, reason, now);
}

bool starts(const RecordedTick& tick) { return tick.decision.verdict == TickDecision::Verdict::fire; }

bool is_taken(const TickRecord& tick) {
  return tick.state != TickState::skipped && tick.state != TickState::failed;
}

}  // namespace

Result<InstalledSchedule> installed(ScheduleRecord record) {
  Result<Job> job = scheduled_job(fmt::format("schedule {}", printable(record.name, 128)), record.job_text);
  if (job.has_error()) return job.error();
  const auto expression = parse_cron(job->schedule->cron);
  Timetable timetable{.expression = std::get<CronExpression>(expression),
                      .zone = job->schedule->zone,
                      .anchor = std::chrono::floor<std::chrono::minutes>(record.added_at)};
  return InstalledSchedule{std::move(record), std::move(job->name), std::move(*job->schedule),
                           std::move(timetable)};
}

Result<InstalledSchedule> known_schedule(StoreReader& store, std::string_view name) {
  Result<ScheduleRecord> record = known_record(store, name);
  if (record.has_error()) return record.error();
  return installed(std::move(*record));
}

Result<void> check_schedule_name(std::string_view name) {
  constexpr std::size_t length_max = 128;
  const bool fits = !name.empty() && name.size() <= length_max && name.front() != ' ' && name.back() != ' ' &&
                    printable(name) == name;
  if (fits) return {};
  return Error{ErrorKind::invalid_input,
               fmt::format("\"{}\" is no name for a schedule", printable(name, 128)),
               "Expected 1 to 128 printable characters, no blank at the ends."};
}

Result<InstalledSchedule> add_schedule(Store& store, NewSchedule schedule) {
  const Result<Job> job =
      scheduled_job(schedule.job_file.empty() ? "job" : schedule.job_file, schedule.job_text);
  if (job.has_error()) return job.error();
  if (schedule.name.empty()) schedule.name = job->name;
  const Result<void> named = check_schedule_name(schedule.name);
  if (named.has_error()) return named.error();
  schedule.is_paused = schedule.is_paused || job->schedule->is_paused;
  const Result<ScheduleId> added = store.schedule_book().add_schedule(schedule);
  if (added.has_error()) return added.error();
  return known_schedule(store, schedule.name);
}

Result<InstalledSchedule> revise_schedule(Store& store, std::string_view name, ScheduleRevision revision) {
  const Result<ScheduleRecord> before = known_record(store, name);
  if (before.has_error()) return before.error();
  const Result<Job> job =
      scheduled_job(before->job_file.empty() ? "job" : before->job_file, revision.job_text);
  if (job.has_error()) return job.error();
  // Nothing new: then what is due is due as it was.
  if (before->job_text == revision.job_text && before->folder == revision.folder) return installed(*before);
  revision.schedule = before->id;
  const Result<void> closed = close_books_if_readable(store, *before, "missed", revision.now);
  if (closed.has_error()) return closed.error();
  const Result<std::int64_t> revised = store.schedule_book().revise_schedule(revision);
  if (revised.has_error()) return revised.error();
  return known_schedule(store, name);
}

Result<ScheduleSteered> steer_schedule(Store& store, std::string_view name, ScheduleOrder order) {
  Result<ScheduleRecord> before = known_record(store, name);
  if (before.has_error()) return before.error();
  order.schedule = before->id;
  if (before->state == ScheduleState::paused || order.state == ScheduleState::retired) {
    const std::string reason = before->state == ScheduleState::paused ? "paused" : "missed";
    const Result<void> closed = close_books_if_readable(store, *before, reason, order.now);
    if (closed.has_error()) return closed.error();
  }
  const Result<std::vector<WaitingTick>> waiting = store.schedule_reader().waiting_ticks(before->id);
  if (waiting.has_error()) return waiting.error();
  const Result<bool> changed = store.schedule_book().set_schedule_state(order);
  if (changed.has_error()) return changed.error();
  before->state = order.state;
  const bool is_retired = *changed && order.state == ScheduleState::retired;
  return ScheduleSteered{std::move(*before), *changed, is_retired ? waiting->size() : 0};
}

Result<Triggered> trigger_schedule(Store& store, std::string_view name, const std::string& actor,
                                   UtcTime now) {
  const Result<InstalledSchedule> schedule = known_schedule(store, name);
  if (schedule.has_error()) return schedule.error();
  const Result<std::vector<RunId>> unfinished = store.schedule_reader().unfinished_runs(schedule->record.id);
  if (unfinished.has_error()) return unfinished.error();
  const Result<std::vector<WaitingTick>> waiting = store.schedule_reader().waiting_ticks(schedule->record.id);
  if (waiting.has_error()) return waiting.error();
  const TickDecision decision =
      decide_trigger(schedule->schedule.overlap, !unfinished->empty(), waiting->size(), now);
  const auto recorded = record(store, schedule->record,
                               {.schedule = {},
                                .kind = TickKind::triggered,
                                .decisions = {decision},
                                .decided_to = {},
                                .actor = actor,
                                .now = now});
  if (recorded.has_error()) return recorded.error();
  Triggered triggered{schedule->record, recorded->front(), {}};
  if (!starts(triggered.tick)) return triggered;
  triggered.started = StartedTick{.tick = triggered.tick.id,
                                  .at = now,
                                  .kind = TickKind::triggered,
                                  .schedule = schedule->record,
                                  .actor = actor,
                                  .to_cancel = {}};
  if (decision.cancels_running) triggered.started->to_cancel = *unfinished;
  return triggered;
}

Result<Backfilled> backfill_schedule(Store& store, const BackfillOrder& order) {
  const Result<InstalledSchedule> schedule = known_schedule(store, order.name);
  if (schedule.has_error()) return schedule.error();
  if (order.to >= order.now || order.from > order.to) {
    return Error{
        ErrorKind::refused,
        fmt::format("{} to {} is no time that is over", to_iso_seconds(order.from), to_iso_seconds(order.to)),
        "What is to come, comes by itself. Give a beginning and an end in the past."};
  }
  const UtcTime before = order.from - std::chrono::microseconds{1};
  const std::int64_t count = count_ticks(schedule->timetable, before, order.to);
  if (count == 0 || count > order.max) {
    return Error{ErrorKind::refused,
                 fmt::format("schedule \"{}\" has {} ticks from {} to {}", printable(order.name, 128), count,
                             to_iso_seconds(order.from), to_iso_seconds(order.to)),
                 count == 0 ? std::string{"Look at another time."}
                            : fmt::format("Each of them becomes a run. If that is meant: --max {}", count)};
  }
  const auto known = store.schedule_reader().ticks_between(schedule->record.id, order.from, order.to);
  if (known.has_error()) return known.error();
  std::vector<TickDecision> decisions;
  for (const UtcTime at : last_ticks(schedule->timetable, before, order.to, count)) {
    const bool taken =
        std::ranges::any_of(*known, [at](const TickRecord& tick) { return tick.at == at && is_taken(tick); });
    if (!taken) decisions.push_back({.id = {}, .at = at, .verdict = TickDecision::Verdict::queue});
  }
  const auto recorded = record(store, schedule->record,
                               {.schedule = {},
                                .kind = TickKind::backfill,
                                .decisions = std::move(decisions),
                                .decided_to = {},
                                .actor = order.actor,
                                .now = order.now});
  if (recorded.has_error()) return recorded.error();
  Backfilled filled{schedule->record, {}, count - std::ssize(*recorded)};
  for (const RecordedTick& tick : *recorded) filled.queued.push_back(tick.decision.at);
  return filled;
}

Result<TicksDecided> decide_schedule(Store& store, const InstalledSchedule& schedule, UtcTime present_since,
                                     bool is_submitting, UtcTime now) {
  const ScheduleRecord& known = schedule.record;
  const Result<std::vector<RunId>> unfinished = store.schedule_reader().unfinished_runs(known.id);
  if (unfinished.has_error()) return unfinished.error();
  const Result<std::vector<WaitingTick>> waiting = store.schedule_reader().waiting_ticks(known.id);
  if (waiting.has_error()) return waiting.error();
  const TickPlan plan = decide_ticks({.timetable = schedule.timetable,
                                      .schedule = schedule.schedule,
                                      .name = known.name,
                                      .decided_to = known.decided_to,
                                      .present_since = present_since,
                                      .is_paused = known.state == ScheduleState::paused,
                                      .has_unfinished_run = is_submitting || !unfinished->empty(),
                                      .waiting = *waiting,
                                      .now = now});
  TicksDecided decided{.started = {}, .recorded = {}, .look_at = plan.look_at};
  if (plan.decisions.empty() && plan.decided_to == known.decided_to) return decided;
  Result<std::vector<RecordedTick>> recorded = record(
      store, known, {.schedule = {}, .decisions = plan.decisions, .decided_to = plan.decided_to, .now = now});
  if (recorded.has_error()) return recorded.error();
  decided.recorded = std::move(*recorded);
  for (const RecordedTick& tick : decided.recorded) {
    if (!starts(tick)) continue;
    StartedTick started{
        .tick = tick.id, .at = tick.decision.at, .schedule = known, .actor = {}, .to_cancel = {}};
    const auto waited = std::ranges::find(*waiting, tick.id, &WaitingTick::id);
    if (waited != waiting->end()) started.kind = waited->kind;
    if (tick.decision.cancels_running) started.to_cancel = *unfinished;
    decided.started.push_back(std::move(started));
  }
  return decided;
}

std::vector<ComingTick> coming_ticks(const Schedule& schedule, const Timetable& timetable,
                                     std::string_view name, UtcTime after, std::size_t count) {
  const auto offset = spread_offset(name, schedule.spread);
  std::vector<ComingTick> ticks;
  std::optional<UtcTime> before;
  // A tick whose instant has passed may still be due.
  auto tick = next_tick(timetable, after - offset);
  while (tick && ticks.size() < count && (!schedule.until || *tick < *schedule.until)) {
    ComingTick coming{.at = *tick, .due_at = *tick + offset, .clock_change = {}};
    if (before) coming.clock_change = next_clock_change(timetable.zone, *before, *tick);
    ticks.push_back(coming);
    before = tick;
    tick = next_tick(timetable, *tick);
  }
  return ticks;
}

}  // namespace sluice
