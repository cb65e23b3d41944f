// SPDX-License-Identifier: MIT
#include "app/schedule_line.hpp"

#include <fmt/format.h>

#include "app/option_values.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

constexpr std::int64_t ticks_shown_max = 1000;
constexpr std::int64_t backfill_max = 1000;

void add_text(CLI::App& verb, const std::string& name, const std::string& type, std::string& value,
              const std::string& what) {
  verb.add_option(name, value, what)->type_name(type);
}

template <class Number>
void add_number(CLI::App& verb, const std::string& name, std::optional<Number>& value, std::int64_t most,
                const std::string& what) {
  const auto take = [name, most, &value](const std::string& text) {
    const Result<std::int64_t> number = whole_number_between(fmt::format("{} {}", name, text), text, 1, most);
    if (number.has_error()) throw Error{number.error()};
    value = static_cast<Number>(*number);
  };
  verb.add_option_function<std::string>(name, take, what)->type_name("N");
}

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
  add_text(verb, "--name", "NAME", given.name, "add: what to call it [the job's name]");
  add_text(verb, "--cron", "WHEN", given.cron,
           "add, next: when, for a job file without a schedule of its own");
  add_text(verb, "--zone", "ZONE", given.zone, "add, next: the time zone of --cron [UTC]");
  add_number(verb, "-n,--count", given.count, ticks_shown_max, "next, show: so many ticks [10]");
  add_time(verb, "--from", given.from, "backfill: the first instant");
  add_time(verb, "--to", given.to, "backfill: the last instant");
  add_number(verb, "--max", given.max, backfill_max, "backfill: refuse more ticks than that [1]");
  add_text(verb, "--reason", "TEXT", given.reason,
           "pause, resume, remove: why; it stays on record with your name");
}

}  // namespace sluice
