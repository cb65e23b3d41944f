// SPDX-License-Identifier: MIT
#include "app/foreground_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "app/display_text.hpp"
#include "app/exit_codes.hpp"
#include "app/json_text.hpp"
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

void print_text(const RunRecord& record, const std::string& next, double others_use = 0) {
  fmt::print("{}", run_summary_text(record));
  if (others_use > 0) fmt::print("  others    use about {}/s of the same account\n", rate_text(others_use));
  if (!next.empty()) fmt::print("  next: {}\n", next);
}

/// One object, whatever happens: of the run, or of all the runs.
void print_json(const std::vector<std::string>& summaries) {
  if (summaries.size() == 1) {
    fmt::print("{}", summaries.front());
    return;
  }
  // Each summary ends with a line end, which is as good as a blank between two of them.
  fmt::print("{{\"schema_version\":{},\"runs\":[{}]}}\n", json_schema_version, fmt::join(summaries, ","));
}

void say_interrupted(const RunRecord& record, const std::string& next) {
  if (is_finished(record)) return;
  say(fmt::format("Interrupted: {} of run {} not finished yet.",
                  counted(unfinished(record.devices), "device"), record.id.value));
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
  say(fmt::format("run {}: {} in {} to {} at {}/s, key from {}\n", record.id.value,
                  counted(total(record.devices), "device"), counted(total(record.chunks), "chunk"),
                  to_string(setup.endpoint), rate_text(setup.rate), printable(key_source, 256)));
}

ExitCode send_and_report(Store& store, const std::vector<SessionRun>& runs, const CommonOptions& common) {
  SessionEnd end = send_runs(store, runs, common);
  // After a failure the one JSON object on stdout is the error that the caller is about to report.
  const bool is_error_the_answer = end.failure && common.wants_json();
  std::vector<std::string> summaries;
  int worst = exit_codes::all_accepted;
  for (const SessionRun& run : runs) {
    const Result<std::optional<RunRecord>> found = store.run(run.record.id);
    if (found.has_error()) return end.failure ? *end.failure : found.error();
    const RunRecord& record = found->value();
    const std::string next = next_step(common, run, record);
    if (is_error_the_answer) {
      say(run_summary_text(record));
    } else if (common.wants_json()) {
      summaries.push_back(run_summary_json(record));
      // The object has no place for the reason, and nobody should have to ask for it.
      if (status_of(record) == RunStatus::paused)
        say(fmt::format("{}. To go on: {}\n", pause_line(record), next));
    } else {
      print_text(record, next, end.others_use[record.id]);
    }
    if (end.signal) say_interrupted(record, next);
    if (end.failure && !is_finished(record) && !next.empty()) end.failure->hint += " To go on: " + next;
    worst = std::max(worst, exit_code_of(record));
  }
  if (!summaries.empty()) print_json(summaries);
  if (end.failure) return *end.failure;
  return end.signal ? 128 + *end.signal : worst;
}

std::string again_options(const CommonOptions& common, const SendOptions& send) {
  std::string options = option_text("--store", common.store) + option_text("--config", common.config);
  options += option_text("--credentials", send.credentials_file) + option_text("--profile", send.profile);
  options += option_text("--ca-file", send.ca_file);
  if (send.in_flight) options += fmt::format(" --in-flight {}", *send.in_flight);
  return options;
}

std::string resume_command_for(RunId run, const CommonOptions& common, const SendOptions& send) {
  return fmt::format("sluice resume {}", run.value) + again_options(common, send);
}

ExitCode report_finished(const CommonOptions& common, const RunRecord& record) {
  if (!common.is_quiet) say(fmt::format("run {} is finished: nothing to send\n", record.id.value));
  if (common.wants_json()) {
    print_json({run_summary_json(record)});
  } else {
    print_text(record, next_command(record, common.store));
  }
  return exit_code_of(record);
}

}  // namespace sluice
