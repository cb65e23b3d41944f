// SPDX-License-Identifier: MIT
#include "app/schedule_order.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>
#include <filesystem>
#include <system_error>
#include <utility>

#include "app/display_text.hpp"
#include "http_api/json_text.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

constexpr std::array<std::pair<ScheduleVerb, std::string_view>, 6> verbs{
    {{ScheduleVerb::add, "add"},
     {ScheduleVerb::pause, "pause"},
     {ScheduleVerb::resume, "resume"},
     {ScheduleVerb::remove, "remove"},
     {ScheduleVerb::trigger, "trigger"},
     {ScheduleVerb::backfill, "backfill"}}};
constexpr std::size_t ticks_foretold = 3;

std::vector<std::string> due_times(const InstalledSchedule& schedule, UtcTime now) {
  std::vector<std::string> times;
  for (const ComingTick& tick :
       coming_ticks(schedule.schedule, schedule.timetable, schedule.record.name, now, ticks_foretold))
    times.push_back(to_iso_seconds(tick.due_at));
  return times;
}

ScheduleAnswer answer_for(ScheduleVerb verb, const ScheduleRecord& schedule) {
  return {.action = std::string{to_string(verb)},
          .name = schedule.name,
          .state = std::string{to_string(schedule.state)},
          .revision = schedule.revision,
          .tick = {},
          .reason = {},
          .run = {},
          .next = {},
          .queued = {},
          .warnings = {}};
}

Result<ScheduleDone> add(Store& store, const ScheduleCommand& command, const std::string& actor,
                         UtcTime now) {
  const Result<InstalledSchedule> added = add_schedule(store, {.name = command.name,
                                                               .job_text = command.job_text,
                                                               .folder = command.folder,
                                                               .actor = actor,
                                                               .now = now});
  if (added.has_error()) return added.error();
  ScheduleAnswer answer = answer_for(command.verb, added->record);
  answer.is_changed = true;
  answer.next = due_times(*added, now);
  answer.warnings = schedule_warnings(added->schedule, added->timetable, now);
  return ScheduleDone{std::move(answer), {}};
}

ScheduleState wanted_by(ScheduleVerb verb) {
  if (verb == ScheduleVerb::pause) return ScheduleState::paused;
  return verb == ScheduleVerb::remove ? ScheduleState::retired : ScheduleState::active;
}

/// A folder's schedule whose file is still there would be back at the daemon's next look.
Result<void> check_removable(StoreReader& store, const std::string& name) {
  const auto schedule = store.schedule_reader().schedule(name);
  if (schedule.has_error()) return schedule.error();
  if (!*schedule || (*schedule)->job_file.empty()) return {};
  const std::filesystem::path file = std::filesystem::path{(*schedule)->folder} / (*schedule)->job_file;
  std::error_code unreadable;
  if (!std::filesystem::exists(file, unreadable) && !unreadable) return {};
  const std::string name_of_file = printable(file.string(), 512);
  return Error{ErrorKind::refused,
               fmt::format("schedule \"{}\" comes of the job file {}, and would be back at once",
                           printable(name, 128), name_of_file),
               fmt::format("Take that file out of the folder; or keep the schedule from running: sluice "
                           "schedule pause \"{}\"",
                           printable(name, 128))};
}

Result<ScheduleDone> steer(Store& store, const ScheduleCommand& command, const std::string& actor,
                           UtcTime now) {
  if (command.verb == ScheduleVerb::remove) {
    const Result<void> removable = check_removable(store, command.name);
    if (removable.has_error()) return removable.error();
  }
  const Result<ScheduleSteered> steered = steer_schedule(store, command.name,
                                                         {.schedule = {},
                                                          .state = wanted_by(command.verb),
                                                          .actor = actor,
                                                          .reason = command.reason,
                                                          .now = now});
  if (steered.has_error()) return steered.error();
  ScheduleAnswer answer = answer_for(command.verb, steered->schedule);
  answer.is_changed = steered->is_changed;
  if (command.verb == ScheduleVerb::resume) {
    const Result<InstalledSchedule> schedule = installed(steered->schedule);
    if (schedule.has_value()) answer.next = due_times(*schedule, now);
  }
  return ScheduleDone{std::move(answer), {}, steered->retired_ticks};
}

Result<ScheduleDone> trigger(Store& store, const ScheduleCommand& command, const std::string& actor,
                             UtcTime now) {
  Result<Triggered> triggered = trigger_schedule(store, command.name, actor, now);
  if (triggered.has_error()) return triggered.error();
  ScheduleAnswer answer = answer_for(command.verb, triggered->schedule);
  answer.is_changed = true;
  switch (triggered->tick.decision.verdict) {
    case TickDecision::Verdict::fire:
      answer.tick = "started";
      break;
    case TickDecision::Verdict::queue:
      answer.tick = "queued";
      break;
    case TickDecision::Verdict::skip:
      answer.tick = "skipped";
      answer.reason = to_string(triggered->tick.decision.reason);
      break;
  }
  return ScheduleDone{std::move(answer), std::move(triggered->started)};
}

Result<ScheduleDone> backfill(Store& store, const ScheduleCommand& command, const std::string& actor,
                              UtcTime now) {
  const Result<Backfilled> filled = backfill_schedule(store, {.name = command.name,
                                                              .from = command.from,
                                                              .to = command.to,
                                                              .max = command.max,
                                                              .actor = actor,
                                                              .now = now});
  if (filled.has_error()) return filled.error();
  ScheduleAnswer answer = answer_for(command.verb, filled->schedule);
  answer.is_changed = !filled->queued.empty();
  for (const UtcTime at : filled->queued) answer.queued.push_back(to_iso_seconds(at));
  answer.already = filled->already;
  return ScheduleDone{std::move(answer), {}};
}

void write_list(JsonText& json, std::string_view key, const std::vector<std::string>& texts) {
  json.key(key).begin_array();
  for (const std::string& text : texts) json.value(text);
  json.end_array();
}

std::vector<std::string> list_in(const boost::json::value& from, std::string_view key) {
  return boost::json::value_to<std::vector<std::string>>(from.at(key));
}

std::string text_in(const boost::json::value& from, std::string_view key) {
  return boost::json::value_to<std::string>(from.at(key));
}

std::string next_text(const ScheduleAnswer& answer) {
  return answer.next.empty() ? std::string{"there is no tick left"}
                             : fmt::format("due {}", answer.next.front());
}

std::string triggered_text(const ScheduleAnswer& answer) {
  if (answer.tick == "skipped") return "nothing was started: a run of it is unfinished (see `overlap`)\n";
  if (answer.tick == "queued") return "its run waits until the unfinished one is over\n";
  return answer.run ? fmt::format("run {} is queued\n", *answer.run) : "its run is being made\n";
}

}  // namespace

std::string_view to_string(ScheduleVerb verb) {
  return std::ranges::find(verbs, verb, &decltype(verbs)::value_type::first)->second;
}

std::optional<ScheduleVerb> schedule_verb_from(std::string_view word) {
  const auto found = std::ranges::find(verbs, word, &decltype(verbs)::value_type::second);
  if (found == verbs.end()) return std::nullopt;
  return found->first;
}

Result<ScheduleDone> carry_out_schedule(Store& store, const ScheduleCommand& command,
                                        const std::string& actor, UtcTime now) {
  switch (command.verb) {
    case ScheduleVerb::add:
      return add(store, command, actor, now);
    case ScheduleVerb::trigger:
      return trigger(store, command, actor, now);
    case ScheduleVerb::backfill:
      return backfill(store, command, actor, now);
    case ScheduleVerb::pause:
    case ScheduleVerb::resume:
    case ScheduleVerb::remove:
      break;
  }
  return steer(store, command, actor, now);
}

std::string schedule_answer_json(const ScheduleAnswer& answer) {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version).member("action", answer.action);
  json.member("schedule", answer.name).member("state", answer.state).member("revision", answer.revision);
  json.member("changed", answer.is_changed).member("tick", answer.tick).member("reason", answer.reason);
  json.member("run", answer.run);
  write_list(json, "next", answer.next);
  write_list(json, "queued", answer.queued);
  json.member("already", answer.already);
  write_list(json, "warnings", answer.warnings);
  return json.end_object().end_document().take();
}

Result<ScheduleAnswer> schedule_answer_from(std::string_view text) {
  try {
    const boost::json::value json = boost::json::parse(text);
    ScheduleAnswer answer{.action = text_in(json, "action"),
                          .name = text_in(json, "schedule"),
                          .state = text_in(json, "state"),
                          .revision = json.at("revision").as_int64(),
                          .is_changed = json.at("changed").as_bool(),
                          .tick = text_in(json, "tick"),
                          .reason = text_in(json, "reason"),
                          .run = {},
                          .next = list_in(json, "next"),
                          .queued = list_in(json, "queued"),
                          .already = json.at("already").as_int64(),
                          .warnings = list_in(json, "warnings")};
    if (!json.at("run").is_null()) answer.run = json.at("run").as_int64();
    return answer;
  } catch (const std::exception&) {
    return Error{ErrorKind::unexpected, "the answer about the schedule cannot be read",
                 "Is the daemon of another version than this command? See `sluice version`."};
  }
}

std::string schedule_answer_text(const ScheduleAnswer& answer) {
  const std::string name = printable(answer.name, 128);
  const auto verb = schedule_verb_from(answer.action).value_or(ScheduleVerb::pause);
  if (verb == ScheduleVerb::trigger) return fmt::format("schedule {}: {}", name, triggered_text(answer));
  if (verb == ScheduleVerb::backfill) {
    return fmt::format("schedule {}: {} queued, one after the other ({} had run or wait already)\n", name,
                       counted(std::ssize(answer.queued), "tick"), answer.already);
  }
  if (verb == ScheduleVerb::remove) return fmt::format("schedule {}: removed\n", name);
  const std::string_view before = answer.is_changed ? "" : "already ";
  if (answer.state == "paused") return fmt::format("schedule {}: {}paused\n", name, before);
  return fmt::format("schedule {}: {}active, {}\n", name, before, next_text(answer));
}

}  // namespace sluice
