// SPDX-License-Identifier: MIT
// The verbs that only read: status, list, results, why, verify-rate.
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "app/commands.hpp"
#include "app/exit_codes.hpp"
#include "app/rate_proof.hpp"
#include "app/run_report.hpp"
#include "app/run_sighting.hpp"
#include "app/say.hpp"
#include "app/standard_output.hpp"
#include "app/store_access.hpp"
#include "app/system_now.hpp"
#include "http_api/device_json.hpp"
#include "sluice/jobfile/device_name.hpp"
#include "sluice/store/job_files.hpp"
#include "sluice/store/pages.hpp"

namespace sluice {
namespace {

Result<RunRecord> find_run_or_newest(StoreReader& store, std::optional<RunId> id) {
  if (id) return find_run(store, *id);
  Result<std::vector<RunRecord>> newest = store.runs(1);
  if (newest.has_error()) return newest.error();
  if (newest->empty()) {
    return Error{ErrorKind::not_found, "there is no run in this store", "`sluice run JOB` makes one."};
  }
  return std::move(newest->front());
}

Result<Sighting> sight(StoreReader& store, const RunRecord& run, const CommonOptions& common) {
  Result<Sighting> seen = sight_run(store, run, system_now());
  if (seen.has_value()) seen->config_file = common.config;
  return seen;
}

int terminal_columns_of_stdout() {
  winsize size{};
  if (::isatty(STDOUT_FILENO) != 1 || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

Result<DeviceFilter> filter_from(std::string_view state) {
  if (state.empty()) return DeviceFilter{};
  const std::optional<DeviceFilter> filter = device_filter_from(state);
  if (filter) return *filter;
  return Error{ErrorKind::usage, fmt::format("--state {}: no such state", printable(state, 64)),
               "One of pending, in_flight, accepted, confirmed, presumed, failed, in_doubt, canceled."};
}

}  // namespace

namespace {

/// "job file nightly.json is invalid, and its revision 3 stays in force: …", a line each.
std::string invalid_job_files_text(const std::vector<JobFileRecord>& files) {
  std::string text;
  for (const JobFileRecord& file : files) {
    if (file.state != JobFileState::invalid) continue;
    const std::string in_force =
        file.revision == 0 ? "so nothing came of it"
                           : fmt::format("and what its revision {} made stays in force", file.revision);
    text += fmt::format("job file {} is invalid, {}: {}\n", printable(file.name, 256), in_force,
                        printable(file.error.substr(0, file.error.find('\n')), 512));
  }
  return text;
}

/// Who reads objects on stdout finds them on stderr; the API has them as objects.
Result<void> tell_invalid_job_files(const CommonOptions& common, StoreReader& store) {
  const Result<std::vector<JobFileRecord>> files = store.job_file_reader().job_files();
  if (files.has_error()) return files.error();
  const std::string text = invalid_job_files_text(*files);
  common.wants_json() ? say(text) : print(text);
  return {};
}

}  // namespace

ExitCode status_command(const CommonOptions& common, std::optional<RunId> wanted) {
  const Result<std::unique_ptr<StoreReader>> store = open_to_look(common);
  if (store.has_error()) return store.error();
  if (!wanted) {
    const Result<void> told = tell_invalid_job_files(common, **store);
    if (told.has_error()) return told.error();
  }
  Result<RunRecord> run = find_run_or_newest(**store, wanted);
  if (run.has_error()) return run.error();
  const Result<void> ordered = heed_rate_order(**store, *run, system_now());
  if (ordered.has_error()) return ordered.error();
  const Result<Sighting> seen = sight(**store, *run, common);
  if (seen.has_error()) return seen.error();
  fmt::print("{}", common.wants_json() ? status_json(*run, *seen, common.store)
                                       : status_text(*run, *seen, common.store));
  return exit_codes::all_accepted;
}

ExitCode list_command(const CommonOptions& common, std::size_t limit) {
  const Result<std::unique_ptr<StoreReader>> store = open_to_look(common);
  if (store.has_error()) return store.error();
  const Result<std::vector<RunRecord>> runs = (*store)->runs(limit);
  if (runs.has_error()) return runs.error();
  fmt::print("{}", common.wants_json() ? list_json(*runs, (*store)->has_owner())
                                       : list_text(*runs, (*store)->has_owner()));
  return exit_codes::all_accepted;
}

ExitCode results_command(const CommonOptions& common, RunId id, const ResultsOptionsGiven& given) {
  const bool is_for_people = common.output.empty() || common.output == "text";
  const std::optional<ResultsFormat> format = results_format_from(is_for_people ? "table" : common.output);
  if (!format) {
    return Error{ErrorKind::usage, fmt::format("--output {}: no such format", printable(common.output, 64)),
                 "One of table, json, ndjson, csv, txt."};
  }
  const Result<DeviceFilter> filter = filter_from(given.state);
  if (filter.has_error()) return filter.error();
  const Result<std::unique_ptr<StoreReader>> store = open_to_look(common);
  if (store.has_error()) return store.error();
  const Result<RunRecord> run = find_run(**store, id);
  if (run.has_error()) return run.error();

  ResultsWriter writer{
      {.format = *format, .run = id, .raw = given.raw, .columns = terminal_columns_of_stdout()},
      sink_to(stdout)};
  // An empty value is refused, as that of a variable that is not set: so the lack of a code has a word.
  const std::optional<std::string> code = given.code == "none" ? std::string{} : given.code;
  const Result<void> read = (*store)->for_each_device(id, *filter, [&](const DeviceResult& row) {
    return (code && !has_code(row, *code)) || writer.write(row);
  });
  if (read.has_error()) return read.error();
  const Result<void> written = writer.finish();
  if (written.has_error()) return written.error();
  return exit_codes::all_accepted;
}

ExitCode why_command(const CommonOptions& common, RunId id) {
  const Result<std::unique_ptr<StoreReader>> store = open_to_look(common);
  if (store.has_error()) return store.error();
  const Result<RunRecord> run = find_run(**store, id);
  if (run.has_error()) return run.error();
  const Result<Sighting> seen = sight(**store, *run, common);
  if (seen.has_error()) return seen.error();
  fmt::print("{}", common.wants_json() ? why_json(*run, *seen, common.store)
                                       : why_line(*run, *seen, common.store) + "\n");
  return exit_codes::all_accepted;
}

ExitCode verify_rate_command(const CommonOptions& common, RunId id) {
  const Result<std::unique_ptr<StoreReader>> store = open_to_look(common);
  if (store.has_error()) return store.error();
  const Result<RunRecord> run = find_run(**store, id);
  if (run.has_error()) return run.error();
  const Result<SendLog> sends = (*store)->sends_of_run(id);
  if (sends.has_error()) return sends.error();
  const Result<SendLog> all_sends = (*store)->sends_of_account(id);
  if (all_sends.has_error()) return all_sends.error();

  const RateProof of_run = prove_rate(sends->sent_at, run->rate, sends->unknown);
  std::optional<RateProof> of_account;
  if (all_sends->sent_at.size() != sends->sent_at.size() || all_sends->unknown != sends->unknown) {
    of_account = prove_rate(all_sends->sent_at, all_sends->rate, all_sends->unknown);
  }
  const std::string subject = fmt::format("run {}", id.value);
  if (common.wants_json()) {
    fmt::print("{}", rate_proof_json(of_run, subject, of_account));
  } else {
    fmt::print("{}", rate_proof_text(of_run, subject));
    if (of_account) fmt::print("{}", rate_proof_text(*of_account, "all runs of its account"));
  }
  const bool is_exceeded =
      of_run.verdict == RateVerdict::exceeded || (of_account && of_account->verdict == RateVerdict::exceeded);
  return is_exceeded ? exit_codes::unexpected : exit_codes::all_accepted;
}

}  // namespace sluice
