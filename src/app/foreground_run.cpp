// SPDX-License-Identifier: MIT
#include "app/foreground_run.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>

#include "app/display_text.hpp"
#include "app/exit_codes.hpp"
#include "app/run_report.hpp"
#include "app/say.hpp"
#include "app/standard_output.hpp"
#include "http_api/json_text.hpp"
#include "sluice/core/run_rules.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

/// What goes on from here: nothing after a rehearsal, whose cloud is gone.
std::string next_step(const CommonOptions& common, const SessionRun& run, const RunRecord& record) {
  if (common.is_rehearsal) return {};
  return command_to_go_on(record, option_text("--store", common.store), run.again_options);
}

/// One object, whatever happens: of the run, or of all the runs.
std::string one_object(const std::vector<std::string>& summaries) {
  if (summaries.size() == 1) return summaries.front();
  // Each summary ends with a line end, which is as good as a blank between two of them.
  return fmt::format("{{\"schema_version\":{},\"runs\":[{}]}}\n", json_schema_version,
                     fmt::join(summaries, ","));
}

std::string with_next(const RunRecord& record, const std::string& next, double others_use = 0) {
  std::string text = run_summary_text(record);
  if (others_use > 0)
    text += fmt::format("  others    use about {}/s of the same account\n", rate_text(others_use));
  if (!next.empty()) text += fmt::format("  next: {}\n", next);
  return text;
}

/// Empty: nothing was sent more than once.
std::string again_text(const SessionEnd::Again& again) {
  if (again.retries == 0) return {};
  return fmt::format("  again     {} came to nothing and were made again, {} of them byte for byte\n",
                     counted(again.retries, "attempt"), grouped(again.replays));
}

/// Who cannot read the summary must still learn which run it was.
Error unprinted(const std::vector<std::string>& endings) {
  Error error = unwritten_output();
  error.hint = fmt::format("{}", fmt::join(endings, " "));
  return error;
}

std::string ending(const RunRecord& record, const std::string& next) {
  return fmt::format("run {}: {}{}", record.id.value, to_string(status_of(record)),
                     next.empty() ? "." : ". Next: " + next);
}

/// A rehearsal's store outlives its cloud.
void mention_simulated_cloud(const std::vector<SessionRun>& runs, Error& failure) {
  const bool all_here =
      std::ranges::all_of(runs, [](const SessionRun& run) { return is_loopback(run.setup.endpoint); });
  if (failure.kind != ErrorKind::unreachable || !all_here) return;
  failure.hint +=
      " It is an address of this machine: if a simulated cloud was there, start one again (sluice simulate) "
      "and name it with --endpoint URL.";
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
  // Who reads objects there wants nothing else.
  if (common.is_quiet || common.progress == ProgressMode::json) return;
  say(fmt::format("run {}: {} in {} to {} at {}/s, key from {}\n", record.id.value,
                  counted(total(record.devices), "device"), counted(total(record.chunks), "chunk"),
                  to_string(setup.endpoint), rate_text(setup.rate), printable(key_source, 256)));
}

ExitCode send_and_report(Store& store, const std::string& store_file, const std::vector<SessionRun>& runs,
                         const CommonOptions& common, const SessionGround& ground) {
  SessionEnd end = send_runs(store, store_file, runs, common, ground);
  if (end.failure && !common.is_rehearsal) mention_simulated_cloud(runs, *end.failure);
  // After a failure the one JSON object on stdout is the error that the caller is about to report.
  const bool is_error_the_answer = end.failure && common.wants_json();
  std::vector<std::string> summaries;
  std::vector<std::string> endings;
  int worst = exit_codes::all_accepted;
  for (const SessionRun& run : runs) {
    const Result<std::optional<RunRecord>> found = store.run(run.record.id);
    if (found.has_error()) return end.failure ? *end.failure : found.error();
    const RunRecord& record = found->value();
    const std::string next = next_step(common, run, record);
    endings.push_back(ending(record, next));
    if (is_error_the_answer) {
      say(run_summary_text(record));
    } else if (common.wants_json()) {
      summaries.push_back(run_summary_json(record, next));
    } else {
      print(with_next(record, next, end.others_use[record.id]));
      if (common.is_rehearsal) print(again_text(end.again[record.id]));
    }
    if (end.signal) say_interrupted(record, next);
    if (end.failure && !is_finished(record) && !next.empty()) end.failure->hint += " To go on: " + next;
    worst = std::max(worst, exit_code_of(record));
  }
  if (!summaries.empty()) print(one_object(summaries));
  if (end.failure) return *end.failure;
  if (!is_output_written()) return unprinted(endings);
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

void report_final(const CommonOptions& common, const std::vector<RunRecord>& records) {
  std::vector<std::string> summaries;
  for (const RunRecord& record : records) {
    const std::string next = next_command(record, common.store);
    summaries.push_back(common.wants_json() ? run_summary_json(record, next) : with_next(record, next));
  }
  print(common.wants_json() ? one_object(summaries) : fmt::format("{}", fmt::join(summaries, "")));
}

}  // namespace sluice
