// SPDX-License-Identifier: MIT
// The verbs that send, or put into the queue: submit, run, resume.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <iterator>
#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "app/commands.hpp"
#include "app/confirmation.hpp"
#include "app/credential_sources.hpp"
#include "app/daemon_work.hpp"
#include "app/display_text.hpp"
#include "app/exit_codes.hpp"
#include "app/foreground_run.hpp"
#include "app/left_out.hpp"
#include "app/operator_name.hpp"
#include "app/plan_file.hpp"
#include "app/planned_run.hpp"
#include "app/prepared_job.hpp"
#include "app/queued_job.hpp"
#include "app/resumed_run.hpp"
#include "app/run_report.hpp"
#include "app/say.hpp"
#include "app/send_command_text.hpp"
#include "app/standard_output.hpp"
#include "app/store_access.hpp"
#include "app/submitted_report.hpp"
#include "app/system_now.hpp"
#include "http_api/json_text.hpp"
#include "sluice/core/run_rules.hpp"
#include "sluice/engine/recovery.hpp"
#include "sluice/engine/run_control.hpp"
#include "sluice/engine/submit.hpp"
#include "sluice/jobfile/device_name.hpp"
#include "sluice/store/open_store.hpp"

namespace sluice {
namespace {

/// @param verb the one that was given, for the command that repeats it
Agreement asking_here(std::string_view verb, const CommonOptions& common, const SendOptions& send,
                      const PreparedJob& prepared) {
  return [verb, &common, &send, &prepared](const Survey& surveyed,
                                           const std::optional<RunForecast>& foreseen) -> Result<void> {
    if (!send.plan_file.empty()) {
      const Plan now = plan_of(prepared, surveyed, foreseen.value_or(RunForecast{}));
      const Result<void> same = require_same_plan(send.plan_file, plan_json(now));
      if (same.has_error()) return same;
    }
    warn_of(common, foreseen);
    const std::int64_t devices = surveyed.counts.devices;
    if (!needs_confirmation(prepared.job, send, devices)) return {};
    return confirm_devices(devices, send, send_command_text(verb, common, send));
  };
}

Result<Submitted> submit_prepared(Store& store, std::string_view verb, const CommonOptions& common,
                                  const SendOptions& send, const PreparedJob& prepared) {
  return queue_job(store, prepared, send, submit_request(prepared, send),
                   asking_here(verb, common, send, prepared));
}

void say_left_out(const CommonOptions& common, const TargetCounts& counts) {
  const std::string text = left_out_text(counts);
  if (!common.is_quiet && !text.empty()) say(fmt::format("left out: {}\n", text));
}

/// All that there are, oldest first: what was asked for first is sent first.
Result<std::vector<RunRecord>> runs_in_turn(StoreReader& store) {
  Result<std::vector<RunRecord>> runs = store.runs(std::numeric_limits<std::int32_t>::max());
  if (runs.has_value()) std::ranges::reverse(*runs);
  return runs;
}

bool has_doubt(const RunRecord& run) { return run.chunks.in_doubt > 0; }

/// Absent: it has something left to send.
Result<std::optional<int>> report_if_finished(const CommonOptions& common, const RunRecord& run) {
  const Result<void> resumable = may_resume(run);
  if (resumable.has_error()) return resumable.error();
  if (!is_finished(run)) return std::optional<int>{};
  if (!common.is_quiet) say(fmt::format("run {} is finished: nothing to send\n", run.id.value));
  report_final(common, {run});
  return std::optional{exit_code_of(run)};
}

/// With nothing left to send, what is in doubt is what the operator has yet to see to.
int report_nothing_to_resume(const CommonOptions& common, const std::vector<RunRecord>& runs) {
  std::vector<RunRecord> doubtful;
  std::ranges::copy_if(runs, std::back_inserter(doubtful), has_doubt);
  if (doubtful.empty()) {
    if (common.wants_json())
      print(fmt::format("{{\"schema_version\":{},\"runs\":[]}}\n", json_schema_version));
    say("Nothing to resume: every run in this store is finished.\n");
    return exit_codes::all_accepted;
  }
  if (!common.is_quiet) say("Nothing to resume, but devices are in doubt until you decide:\n");
  report_final(common, doubtful);
  return exit_codes::devices_in_doubt;
}

/// What a resume comes to where the daemon has nothing to go on with. Absent: it is the daemon's to carry
/// out.
Result<std::optional<int>> settle_beside_daemon(const CommonOptions& common, const SendOptions& send,
                                                const std::string& path, std::optional<RunId> wanted) {
  const Result<void> fit = check_options_to_go_on(send);
  if (fit.has_error()) return fit.error();
  const Result<std::unique_ptr<StoreReader>> reader = open_store_reader(path);
  if (reader.has_error()) return reader.error();
  if (wanted) {
    const Result<RunRecord> run = find_run(**reader, *wanted);
    if (run.has_error()) return run.error();
    return report_if_finished(common, *run);
  }
  const Result<std::vector<RunRecord>> runs = runs_in_turn(**reader);
  if (runs.has_error()) return runs.error();
  const bool is_only_doubt = std::ranges::all_of(*runs, is_finished) && std::ranges::any_of(*runs, has_doubt);
  if (!is_only_doubt) return std::optional<int>{};
  return std::optional{report_nothing_to_resume(common, *runs)};
}

}  // namespace

ExitCode submit_command(const CommonOptions& common, const SendOptions& send) {
  const Environment environment = process_environment();
  Result<PreparedJob> prepared = prepare_job(common, send, environment);
  if (prepared.has_error()) return prepared.error();
  const std::string path = store_path(common, environment, prepared->config);
  if (is_served_by_daemon(path)) {
    return submit_to_daemon(common, send, *prepared, path, asking_here("submit", common, send, *prepared),
                            ThenWhat::leave);
  }
  Result<std::unique_ptr<Store>> store = open_and_recover(path);
  if (store.has_error()) return store.error();
  const Result<Submitted> submitted = submit_prepared(**store, "submit", common, send, *prepared);
  if (submitted.has_error()) return submitted.error();
  say_left_out(common, submitted->counts);
  if (common.wants_json()) {
    fmt::print("{}", submitted_json(*submitted));
  } else {
    fmt::print("run {}: {} in {} queued ({} left out)\n", submitted->run.value,
               counted(submitted->counts.devices, "device"), counted(submitted->chunks, "chunk"),
               counted(submitted->counts.duplicates, "duplicate"));
    if (!common.is_quiet)
      say(fmt::format("Nothing is sent yet. To send: {}\n",
                      resume_command_for(submitted->run, common, send)));
  }
  return exit_codes::all_accepted;
}

ExitCode run_command(const CommonOptions& common, const SendOptions& send) {
  const Environment environment = process_environment();
  Result<PreparedJob> prepared = prepare_job(common, send, environment);
  if (prepared.has_error()) return prepared.error();
  const std::string path = store_path(common, environment, prepared->config);
  if (is_served_by_daemon(path)) {
    return submit_to_daemon(common, send, *prepared, path, asking_here("run", common, send, *prepared),
                            ThenWhat::follow);
  }
  // Before anything is queued: a run that cannot be signed or sent is not worth a million rows.
  Result<FoundCredentials> key = credentials_for(prepared->setup, environment);
  if (key.has_error()) return key.error();
  const Result<void> connectable = check_transport(prepared->setup);
  if (connectable.has_error()) return connectable.error();
  Result<std::unique_ptr<Store>> store = open_and_recover(path);
  if (store.has_error()) return store.error();
  const Result<Submitted> submitted = submit_prepared(**store, "run", common, send, *prepared);
  if (submitted.has_error()) return submitted.error();
  say_left_out(common, submitted->counts);
  if (prepared->job.schedule && !common.is_quiet) {
    say(fmt::format(
        "This runs the job now; its schedule is not installed by that. For that: sluice schedule add {}\n",
        printable(send.job_file)));
  }
  Result<RunRecord> record = find_run(**store, submitted->run);
  if (record.has_error()) return record.error();
  // A tenant that an earlier run found blocked gets its next chance now.
  const Result<void> lifted = lift_pauses(**store, *record, common);
  if (lifted.has_error()) return lifted.error();

  announce(common, *record, prepared->setup, key->source);
  std::vector<SessionRun> runs;
  auto denied = denied_devices(prepared->setup);
  if (denied.has_error()) return denied.error();
  runs.push_back({std::move(*record), prepared->job, prepared->setup, key->credentials,
                  again_options(common, send), std::move(*denied)});
  return send_and_report(**store, path, runs, common);
}

ExitCode resume_command(const CommonOptions& common, const SendOptions& send, std::optional<RunId> wanted) {
  const Environment environment = process_environment();
  Result<Config> config = load_config(common, environment);
  if (config.has_error()) return config.error();
  const std::string path = store_path(common, environment, *config);
  if (is_served_by_daemon(path)) {
    const Result<std::optional<int>> settled = settle_beside_daemon(common, send, path, wanted);
    if (settled.has_error()) return settled.error();
    if (*settled) return **settled;
    if (!wanted) return resume_all_in_daemon(common, path);
  }
  if (wanted) {
    const Result<std::optional<int>> resumed = resume_where_it_is_sent(common, path, *wanted);
    if (resumed.has_error()) return resumed.error();
    if (*resumed) return **resumed;
  }
  Result<std::unique_ptr<Store>> store = open_existing_and_recover(path);
  if (store.has_error()) return store.error();
  std::vector<RunRecord> to_resume;
  if (wanted) {
    Result<RunRecord> run = find_run(**store, *wanted);
    if (run.has_error()) return run.error();
    const Result<std::optional<int>> finished = report_if_finished(common, *run);
    if (finished.has_error()) return finished.error();
    if (*finished) return **finished;
    to_resume.push_back(std::move(*run));
  } else {
    const Result<std::vector<RunRecord>> all = runs_in_turn(**store);
    if (all.has_error()) return all.error();
    std::ranges::copy_if(*all, std::back_inserter(to_resume), std::not_fn(is_finished));
    if (to_resume.empty()) return report_nothing_to_resume(common, *all);
  }

  std::vector<SessionRun> runs;
  std::set<std::string> tenants;
  for (RunRecord& record : to_resume) {
    // A tenant's pause is lifted with the first of its runs.
    if (!tenants.insert(record.tenant).second) record.tenant_pause_reason.clear();
    Result<SessionRun> run = resumed_run(**store, std::move(record), common, send, *config, environment);
    if (run.has_error()) return run.error();
    runs.push_back(std::move(*run));
  }
  return send_and_report(**store, path, runs, common);
}

}  // namespace sluice
