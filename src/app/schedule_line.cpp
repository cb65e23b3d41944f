// SPDX-License-Identifier: MIT
#include "app/schedule_line.hpp"

#include <fmt/format.h>

#include "app/line_options.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

constexpr std::int64_t ticks_shown_max = 1000;
constexpr std::int64_t backfill_max = 1000;

void add_time(CLI::App& verb, const std::string& name, std::optional<UtcTime>& value,
              const std::string& what) {
  const auto take = [name, &value](const std::string& text) {
    value = from_iso_seconds(text);
    if (value) return;
    throw Error{ErrorKind::usage, printable(fmt::format("{} {}: this is not a time", name, text), 128),
                "Expected one in UTC, written like 2026-03-28T22:00:00Z."};
  };
  verb.add_option_function<std::string>(name, take, what)->type_name("TIME");
}

}  // namespace

void add_schedule_options(CLI::App& verb, ScheduleOptionsGiven& given) {
  verb.add_option("ACTION", given.action, "add, list, show, pause, resume, remove, trigger, next or backfill")
      ->type_name("")
      ->required();
  verb.add_option("JOB|NAME", given.target,
                  "add: the job file; next: either; all others but list: the schedule's name")
      ->type_name("");
  add_text(&verb, "--name", "NAME", given.name, "add: what to call it [the job's name]");
  add_text(&verb, "--cron", "WHEN", given.cron,
           "add, next: when, for a job file without a schedule of its own");
  add_text(&verb, "--zone", "ZONE", given.zone, "add, next: the time zone of --cron [UTC]");
  add_whole_number(&verb, "-n,--count", given.count, 1, ticks_shown_max, "next, show: so many ticks [10]");
  add_time(verb, "--from", given.from, "backfill: the first instant");
  add_time(verb, "--to", given.to, "backfill: the last instant");
  add_whole_number(&verb, "--max", given.max, 1, backfill_max, "backfill: refuse more ticks than that [1]");
  add_text(&verb, "--reason", "TEXT", given.reason,
           "pause, resume, remove: why; it stays on record with your name");
}

}  // namespace sluice
