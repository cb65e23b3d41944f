// SPDX-License-Identifier: MIT
// The verb `schedule`: what looks at schedules, and what steers them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "app/commands.hpp"
#include "app/control_client.hpp"
#include "app/exit_codes.hpp"
#include "app/operator_name.hpp"
#include "app/prepared_job.hpp"
#include "app/queued_tick.hpp"
#include "app/say.hpp"
#include "app/schedule_order.hpp"
#include "app/schedule_report.hpp"
#include "app/schedule_routes.hpp"
#include "app/scheduled_devices.hpp"
#include "app/scheduled_text.hpp"
#include "app/settings.hpp"
#include "app/standard_output.hpp"
#include "app/store_access.hpp"
#include "app/system_now.hpp"
#include "app/wrong_use.hpp"
#include "http_api/problem.hpp"
#include "jobfile/nearest_word.hpp"
#include "jobfile/schedule_reader.hpp"
#include "jobfile/zone_reader.hpp"
#include "sluice/core/kill_point.hpp"
#include "sluice/engine/run_control.hpp"
#include "sluice/engine/schedule_control.hpp"
#include "sluice/jobfile/device_name.hpp"
#include "sluice/store/open_store.hpp"

namespace sluice {
namespace {

constexpr std::array<std::string_view, 9> actions{"add",    "list",    "show", "pause",   "resume",
                                                  "remove", "trigger", "next", "backfill"};
constexpr std::size_t ticks_shown = 10;
constexpr std::chrono::seconds answer_awaited_for{15};
// The daemon reads the whole device list before it answers to `add` and `trigger`.
constexpr std::chrono::minutes list_awaited_for{10};
// A process that has just taken the store listens a moment later, and one that is about to end has stopped
// listening a moment before it lets go.
constexpr std::chrono::seconds owner_awaited_for{3};
constexpr std::chrono::milliseconds look_interval{20};

Error unknown_action(std::string_view action) {
  const auto nearest = nearest_word(action, actions);
  return wrong_use(fmt::format("`sluice schedule` has no \"{}\"", printable(action, 64)),
                   nearest ? fmt::format("Did you mean `sluice schedule {}`?", *nearest)
                           : fmt::format("One of {}.", fmt::join(actions, ", ")));
}

struct OptionUse {
  std::string_view name;
  bool is_given;
  std::vector<std::string_view> actions;
};

/// What an option is for does not change silently: an option that an action does not take is refused.
Result<void> check_use(const ScheduleOptionsGiven& given) {
  if (std::ranges::find(actions, given.action) == actions.end()) return unknown_action(given.action);
  if (given.target.empty() != (given.action == "list")) {
    if (given.action == "list")
      return wrong_use("`sluice schedule list` takes no name", "To look at one: show NAME");
    return wrong_use(fmt::format("`sluice schedule {}` needs {}", given.action,
                                 given.action == "add" ? "a job file" : "the schedule's name"),
                     "`sluice schedule list` shows the schedules there are.");
  }
  const std::vector<OptionUse> uses{{"--name", !given.name.empty(), {"add"}},
                                    {"--cron", !given.cron.empty(), {"add", "next"}},
                                    {"--zone", !given.zone.empty(), {"add", "next"}},
                                    {"--count", given.count.has_value(), {"next", "show"}},
                                    {"--from", given.from.has_value(), {"backfill"}},
                                    {"--to", given.to.has_value(), {"backfill"}},
                                    {"--max", given.max.has_value(), {"backfill"}},
                                    {"--reason", !given.reason.empty(), {"pause", "resume", "remove"}}};
  for (const OptionUse& use : uses) {
    const bool fits = !use.is_given || std::ranges::find(use.actions, given.action) != use.actions.end();
    if (!fits) {
      return wrong_use(fmt::format("{} does not belong to `sluice schedule {}`", use.name, given.action),
                       fmt::format("It is for {}.", fmt::join(use.actions, ", ")));
    }
  }
  if (!given.zone.empty() && given.cron.empty())
    return wrong_use("--zone is given without --cron",
                     "The zone of a job's own schedule stands in the job file.");
  if (given.action == "backfill" && (!given.from || !given.to))
    return wrong_use("`sluice schedule backfill` needs --from and --to",
                     "Times in UTC, such as 2026-05-01T00:00:00Z.");
  return {};
}

/// A wrong option is told as that: the job file has nothing of it.
Result<void> check_time(const ScheduleOptionsGiven& given) {
  if (const std::string fault = cron_fault(given.cron); !fault.empty())
    return wrong_use("--cron: " + fault,
                     "Such as --cron \"30 2 * * mon-fri\", --cron @daily or --cron \"every 6h\".");
  const std::string fault = given.zone.empty() ? std::string{} : zone_fault(given.zone);
  if (fault.empty()) return {};
  return wrong_use("--zone: " + fault, "Such as --zone Asia/Shanghai.");
}

/// A job file with what --cron and --zone say, checked as `validate` does.
Result<JobAndText> scheduled_job_file(const ScheduleOptionsGiven& given) {
  SendOptions send;
  send.job_file = given.target;
  Result<JobAndText> loaded = load_job(send);
  if (loaded.has_error()) return loaded;
  if (given.cron.empty() && !loaded->job.schedule) {
    return Error{ErrorKind::invalid_input,
                 fmt::format("{}: the job has no schedule", printable(given.target)),
                 "Give it a \"schedule\" block, or say when: --cron \"30 2 * * *\" --zone Asia/Shanghai"};
  }
  if (given.cron.empty()) return loaded;
  if (loaded->job.schedule) {
    return wrong_use("--cron is given, and the job file has a schedule of its own",
                     "Change it there, or leave --cron out.");
  }
  if (const Result<void> sound = check_time(given); sound.has_error()) return sound.error();
  return job_from(with_schedule(loaded->text, given.cron, given.zone), send);
}

ExitCode list(const CommonOptions& common) {
  const Result<std::unique_ptr<StoreReader>> store = open_to_look(common);
  if (store.has_error()) return store.error();
  Result<std::vector<ScheduleRecord>> records = (*store)->schedule_reader().schedules();
  if (records.has_error()) return records.error();
  std::vector<InstalledSchedule> schedules;
  for (ScheduleRecord& record : *records) {
    Result<InstalledSchedule> schedule = installed(record);
    if (schedule.has_value()) schedules.push_back(std::move(*schedule));
    if (schedule.has_error())
      say(fmt::format("Warning: schedule {} cannot be read, and does not run: {}\n",
                      printable(record.name, 128), schedule.error().message));
  }
  const UtcTime now = system_now();
  print(common.wants_json() ? schedules_json(schedules, now) : schedules_text(schedules, now));
  return exit_codes::all_accepted;
}

ExitCode show(const CommonOptions& common, const ScheduleOptionsGiven& given) {
  const Result<std::unique_ptr<StoreReader>> store = open_to_look(common);
  if (store.has_error()) return store.error();
  const Result<InstalledSchedule> schedule = known_schedule(**store, given.target);
  if (schedule.has_error()) return schedule.error();
  const auto ticks =
      (*store)->schedule_reader().ticks(schedule->record.id, given.count.value_or(ticks_shown));
  if (ticks.has_error()) return ticks.error();
  const UtcTime now = system_now();
  print(common.wants_json() ? schedule_json(*schedule, *ticks, now) : schedule_text(*schedule, *ticks, now));
  return exit_codes::all_accepted;
}

/// As if the job file were added now.
Result<InstalledSchedule> schedule_in_file(const ScheduleOptionsGiven& given, UtcTime now) {
  Result<JobAndText> loaded = scheduled_job_file(given);
  if (loaded.has_error()) return loaded.error();
  return installed({.id = {},
                    .name = loaded->job.name,
                    .job_file = {},
                    .job_text = std::move(loaded->text),
                    .folder = {},
                    .actor = {},
                    .added_at = now,
                    .revised_at = now,
                    .decided_to = now});
}

Result<InstalledSchedule> named_schedule(const CommonOptions& common, const ScheduleOptionsGiven& given) {
  const Result<std::unique_ptr<StoreReader>> store = open_to_look(common);
  if (store.has_error()) return store.error();
  return known_schedule(**store, given.target);
}

ExitCode next(const CommonOptions& common, const ScheduleOptionsGiven& given) {
  const UtcTime now = system_now();
  std::error_code unreadable;
  const bool is_file = std::filesystem::is_regular_file(given.target, unreadable);
  const Result<InstalledSchedule> schedule =
      is_file ? schedule_in_file(given, now) : named_schedule(common, given);
  if (schedule.has_error()) return schedule.error();
  if (schedule->record.state == ScheduleState::paused && !common.is_quiet)
    say(fmt::format("schedule {} is paused: none of these will run\n", printable(given.target, 128)));
  const auto ticks = coming_ticks(schedule->schedule, schedule->timetable, schedule->record.name, now,
                                  given.count.value_or(ticks_shown));
  const std::string& zone = schedule->timetable.zone;
  print(common.wants_json() ? coming_json(zone, ticks) : coming_text(zone, ticks));
  return exit_codes::all_accepted;
}

Result<ScheduleCommand> command_of(const ScheduleOptionsGiven& given) {
  ScheduleCommand command{.verb = schedule_verb_from(given.action).value(),
                          .name = given.action == "add" ? given.name : given.target,
                          .job_text = {},
                          .folder = {},
                          .reason = given.reason,
                          .from = given.from.value_or(UtcTime{}),
                          .to = given.to.value_or(UtcTime{}),
                          .max = given.max.value_or(1)};
  if (command.verb != ScheduleVerb::add) return command;
  Result<JobAndText> loaded = scheduled_job_file(given);
  if (loaded.has_error()) return loaded.error();
  SendOptions send;
  send.job_file = given.target;
  const Result<void> sound = check_scheduled_devices(send, *loaded);
  if (sound.has_error()) return sound.error();
  command.job_text = std::move(loaded->text);
  command.folder = std::filesystem::absolute(given.target).parent_path().string();
  return command;
}

/// The tick's run comes into the queue of a store that this process has for itself.
Result<Submitted> submit_here(Store& store, const StartedTick& tick, const Config& config,
                              const Environment& environment) {
  reach(KillPoint::tick_started);
  const UtcTime now = system_now();
  for (const RunId run : tick.to_cancel) {
    const auto canceled = control_run(store, {.verb = ControlVerb::cancel,
                                              .run = run,
                                              .actor = tick.actor,
                                              .words = "replaced by a later tick of its schedule",
                                              .now = now});
    if (canceled.has_error() && canceled.error().kind != ErrorKind::refused) return canceled.error();
  }
  const Result<QueuedTick> submitted = queue_tick(store, tick, config, environment, now);
  if (submitted.has_value()) return submitted->submitted;
  (void)store.schedule_book().fail_tick(tick.tick, submitted.error().message, now);
  return submitted.error();
}

/// What follows where no daemon runs.
std::string without_daemon(const ScheduleAnswer& answer) {
  if (answer.run) return fmt::format("Nothing is sent yet. To send: sluice resume {}\n", *answer.run);
  const bool waits = answer.state == "active" || !answer.queued.empty() || answer.tick == "queued";
  return waits && answer.tick != "skipped"
             ? "No daemon runs on this store: `sluice serve` starts what is due.\n"
             : "";
}

ExitCode report(const CommonOptions& common, const ScheduleAnswer& answer, const std::string& follows) {
  print(common.wants_json() ? schedule_answer_json(answer) : schedule_answer_text(answer));
  if (!common.is_quiet) {
    for (const std::string& warning : answer.warnings) say(fmt::format("Warning: {}.\n", warning));
    say(follows);
  }
  return answer.tick == "skipped" ? exit_code_of(ErrorKind::refused) : exit_codes::all_accepted;
}

/// The router's word for a path that it does not know, other than a schedule that is not there.
bool is_without_routes(const OwnerAnswer& answer) {
  return answer.status == 404 &&
         error_from_problem(answer.body).message.starts_with("the API has nothing at ");
}

std::chrono::seconds awaited_for(ScheduleVerb verb) {
  const bool reads_list = verb == ScheduleVerb::add || verb == ScheduleVerb::trigger;
  return reads_list ? list_awaited_for : answer_awaited_for;
}

/// Absent: no daemon is there. A foreground run that owns the store has no schedules to steer.
Result<std::optional<ScheduleAnswer>> asked_of_daemon(const std::string& path,
                                                      const ScheduleCommand& command) {
  const Result<std::optional<OwnerAnswer>> answer =
      ask_owner(path, request_for(command), awaited_for(command.verb));
  if (answer.has_error()) return answer.error();
  if (!*answer || is_without_routes(**answer)) return std::optional<ScheduleAnswer>{};
  if ((*answer)->status >= 300) return error_from_problem((*answer)->body);
  Result<ScheduleAnswer> read = schedule_answer_from((*answer)->body);
  if (read.has_error()) return read.error();
  return std::optional{std::move(*read)};
}

ExitCode steer_here(const CommonOptions& common, const ScheduleCommand& command, Store& store,
                    const Config& config, const Environment& environment) {
  Result<ScheduleDone> done = carry_out_schedule(store, command, operator_name(), system_now());
  if (done.has_error()) return done.error();
  if (done->started) {
    const Result<Submitted> submitted = submit_here(store, *done->started, config, environment);
    if (submitted.has_error()) return submitted.error();
    done->answer.run = submitted->run.value;
  }
  return report(common, done->answer, without_daemon(done->answer));
}

bool has_owner(const std::string& path) {
  const Result<std::unique_ptr<StoreReader>> reader = open_store_reader(path);
  return reader.has_value() && (*reader)->has_owner();
}

/// By whoever has the store, be it nobody yet.
ExitCode steer(const CommonOptions& common, const ScheduleOptionsGiven& given) {
  const Result<ScheduleCommand> command = command_of(given);
  if (command.has_error()) return command.error();
  const Environment environment = process_environment();
  const Result<Config> config = load_config(common, environment);
  if (config.has_error()) return config.error();
  const std::string path = store_path(common, environment, *config);
  const auto give_up_at = std::chrono::steady_clock::now() + owner_awaited_for;
  while (true) {
    const Result<std::optional<ScheduleAnswer>> answered = asked_of_daemon(path, *command);
    if (answered.has_error()) return answered.error();
    if (*answered) return report(common, **answered, "");
    const Result<std::unique_ptr<Store>> store =
        command->verb == ScheduleVerb::add ? open_and_recover(path) : open_existing_and_recover(path);
    if (store.has_value()) return steer_here(common, *command, **store, *config, environment);
    const bool may_pass = store.error().kind == ErrorKind::refused && has_owner(path);
    if (!may_pass || std::chrono::steady_clock::now() > give_up_at) return store.error();
    std::this_thread::sleep_for(look_interval);
  }
}

}  // namespace

ExitCode schedule_command(const CommonOptions& common, const ScheduleOptionsGiven& given) {
  const Result<void> fit = check_use(given);
  if (fit.has_error()) return fit.error();
  if (given.action == "list") return list(common);
  if (given.action == "show") return show(common, given);
  if (given.action == "next") return next(common, given);
  return steer(common, given);
}

}  // namespace sluice
