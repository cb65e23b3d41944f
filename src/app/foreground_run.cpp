// SPDX-License-Identifier: MIT
#include "app/foreground_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "app/display_text.hpp"
#include "app/exit_codes.hpp"
#include "app/run_report.hpp"
#include "app/say.hpp"
#include "sluice/core/run_rules.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

/// What goes on from here: nothing after a rehearsal, whose cloud is gone.
std::string next_step(const CommonOptions& common, const SessionRun& run, const RunRecord& record) {
  if (common.is_rehearsal) return {};
  return is_finished(record) ? next_command(record, common.store) : run.resume_command;
}

void print_summary(const CommonOptions& common, const RunRecord& record, const std::string& next) {
  if (!common.wants_json()) {
    fmt::print("{}", run_summary_text(record));
    if (!next.empty()) fmt::print("  next: {}\n", next);
    return;
  }
  fmt::print("{}", run_summary_json(record));
  // The object has no place for the reason, and nobody should have to ask for it.
  if (status_of(record) == RunStatus::paused)
    say(fmt::format("{}. To go on: {}\n", pause_line(record), next));
}

void say_interrupted(const RunRecord& record, const std::string& next) {
  if (is_finished(record)) return;
  say(fmt::format("Interrupted: {} devices of run {} are not finished yet.",
                  grouped(unfinished(record.devices)), record.id.value));
  say(next.empty() ? "\n" : fmt::format(" To go on: {}\n", next));
}

}  // namespace

Result<FoundCredentials> credentials_for(const TenantSetup& setup, const Environment& environment) {
  return find_credentials({.file = setup.credentials_file,
                           .profile = setup.profile,
                           .home = environment("HOME").value_or(""),
                           .environment = environment});
}

void announce(const CommonOptions& common, const RunRecord& record, const TenantSetup& setup,
              std::string_view key_source) {
  if (common.is_quiet) return;
  say(fmt::format("run {}: {} devices in {} chunks to {} at {}/s, key from {}\n", record.id.value,
                  grouped(total(record.devices)), grouped(total(record.chunks)), to_string(setup.endpoint),
                  rate_text(setup.rate), printable(key_source, 256)));
}

ExitCode send_and_report(Store& store, const std::vector<SessionRun>& runs, const CommonOptions& common) {
  SessionEnd end = send_runs(store, runs, common);
  int worst = exit_codes::all_accepted;
  // One JSON object on stdout, whatever happens: after a failure it is the error that the caller is about to
  // report.
  const bool is_error_the_answer = end.failure && common.wants_json();
  for (const SessionRun& run : runs) {
    const Result<std::optional<RunRecord>> found = store.run(run.record.id);
    if (found.has_error() || !*found) return end.failure ? *end.failure : found.error();
    const RunRecord& record = **found;
    const std::string next = next_step(common, run, record);
    if (is_error_the_answer) {
      say(run_summary_text(record));
    } else {
      print_summary(common, record, next);
    }
    if (end.signal) say_interrupted(record, next);
    if (end.failure && !is_finished(record) && !next.empty()) end.failure->hint += " To go on: " + next;
    worst = std::max(worst, exit_code_of(record));
  }
  if (end.failure) return *end.failure;
  return end.signal ? 128 + *end.signal : worst;
}

std::string resume_command_for(RunId run, const CommonOptions& common, const SendOptions& send) {
  std::string command = fmt::format("sluice resume {}", run.value);
  command += option_text("--store", common.store) + option_text("--config", common.config);
  command += option_text("--credentials", send.credentials_file) + option_text("--profile", send.profile);
  command += option_text("--ca-file", send.ca_file);
  if (send.in_flight) command += fmt::format(" --in-flight {}", *send.in_flight);
  return command;
}

ExitCode report_finished(const CommonOptions& common, const RunRecord& record) {
  if (!common.is_quiet) say(fmt::format("run {} is finished: nothing to send\n", record.id.value));
  print_summary(common, record, next_command(record, common.store));
  return exit_code_of(record);
}

}  // namespace sluice
