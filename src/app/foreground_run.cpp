// SPDX-License-Identifier: MIT
#include "app/foreground_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "app/display_text.hpp"
#include "app/exit_codes.hpp"
#include "app/run_report.hpp"
#include "sluice/core/run_rules.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

void print_summary(const CommonOptions& common, const RunRecord& record) {
  if (common.wants_json()) {
    fmt::print("{}", run_summary_json(record));
    // The object has no place for the reason, and nobody should have to ask for it.
    if (status_of(record) == RunStatus::paused) {
      fmt::print(stderr, "{}. To go on: {}\n", pause_line(record), next_command(record, common.store));
    }
  } else {
    fmt::print("{}", run_summary_text(record));
    if (!common.is_store_scratch) fmt::print("  next: {}\n", next_command(record, common.store));
  }
}

ExitCode interrupted(const SessionEnd& end, const std::vector<RunRecord>& records,
                     const CommonOptions& common) {
  for (const RunRecord& record : records) {
    if (is_finished(record)) continue;
    fmt::print(stderr, "Interrupted: {} of run {} not sent yet. To go on: sluice resume {}{}\n",
               counted(unfinished(record.devices), "device"), record.id.value, record.id.value,
               store_option(common.store));
  }
  return 128 + *end.signal;
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
  fmt::print(stderr, "run {}: {} in {} to {} at {}/s, key from {}\n", record.id.value,
             counted(total(record.devices), "device"), counted(total(record.chunks), "chunk"),
             to_string(setup.endpoint), rate_text(setup.rate), printable(key_source, 256));
}

ExitCode send_and_report(Store& store, const std::vector<SessionRun>& runs, const CommonOptions& common) {
  const SessionEnd end = send_runs(store, runs, common);
  std::vector<RunRecord> records;
  for (const SessionRun& run : runs) {
    Result<std::optional<RunRecord>> record = store.run(run.record.id);
    if (record.has_error()) return end.failure ? *end.failure : record.error();
    if (*record) records.push_back(std::move(**record));
  }
  // One JSON object on stdout, whatever happens: then it is the error that the caller is about to report.
  const bool is_error_the_answer = end.failure && common.wants_json();
  for (const RunRecord& record : records) {
    if (is_error_the_answer) {
      fmt::print(stderr, "{}", run_summary_text(record));
    } else {
      print_summary(common, record);
    }
  }
  std::fflush(stdout);
  if (end.failure) return *end.failure;
  if (end.signal) return interrupted(end, records, common);
  int worst = exit_codes::all_accepted;
  for (const RunRecord& record : records) worst = std::max(worst, exit_code_of(record));
  return worst;
}

ExitCode report_finished(const CommonOptions& common, const RunRecord& record) {
  if (!common.is_quiet) fmt::print(stderr, "run {} is finished: nothing to send\n", record.id.value);
  print_summary(common, record);
  return exit_code_of(record);
}

}  // namespace sluice
