// SPDX-License-Identifier: MIT
// The verbs that make a run of another run's devices: retry and undo.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "app/again_options.hpp"
#include "app/again_rules.hpp"
#include "app/commands.hpp"
#include "app/confirmation.hpp"
#include "app/daemon_work.hpp"
#include "app/display_text.hpp"
#include "app/exit_codes.hpp"
#include "app/foreground_run.hpp"
#include "app/operator_name.hpp"
#include "app/resumed_run.hpp"
#include "app/run_report.hpp"
#include "app/say.hpp"
#include "app/standard_output.hpp"
#include "app/store_access.hpp"
#include "app/submitted_report.hpp"
#include "app/system_now.hpp"
#include "sluice/engine/again.hpp"
#include "sluice/engine/tenant_limits.hpp"
#include "sluice/jobfile/device_name.hpp"
#include "sluice/store/open_store.hpp"

namespace sluice {
namespace {

/// "120 devices (20 failed, 100 not sent)".
std::string selection_text(const AgainSurvey& survey) {
  std::vector<std::string> parts;
  const auto add = [&](std::initializer_list<ChunkState> states, std::string_view word) {
    std::int64_t devices = 0;
    for (const ChunkState state : states) {
      if (const auto found = survey.devices.find(state); found != survey.devices.end())
        devices += found->second;
    }
    if (devices > 0) parts.push_back(fmt::format("{} {}", grouped(devices), word));
  };
  add({ChunkState::succeeded}, "accepted");
  add({ChunkState::failed}, "failed");
  add({ChunkState::pending, ChunkState::canceled}, "not sent");
  add({ChunkState::in_doubt, ChunkState::in_flight}, "in doubt");
  return fmt::format("{} ({})", counted(survey.total(), "device"), fmt::join(parts, ", "));
}

void show(const CommonOptions& common, std::string_view verb, const AgainSurvey& survey) {
  if (common.is_quiet) return;
  say(fmt::format("{} of run {}: {}\n", verb, survey.parent.id.value, selection_text(survey)));
  if (survey.closes_parent) {
    say(fmt::format("Run {} is closed by it: what it had left to send goes over to the new run.\n",
                    survey.parent.id.value));
  }
}

std::string command_again(std::string_view verb, RunId run, const AgainOptionsGiven& given,
                          const std::string& again) {
  std::string command = fmt::format("sluice {} {}", verb, run.value);
  if (given.failed) command += " --failed";
  if (given.not_sent) command += " --not-sent";
  if (given.in_doubt) command += " --in-doubt";
  command += option_text("--where", given.where);
  if (given.is_queued_only) command += " --queue-only";
  return command + again;
}

Result<void> confirm(std::string_view verb, const SendOptions& send, const AgainSurvey& survey,
                     const std::string& command) {
  const std::int64_t devices = survey.total();
  const bool is_said = send.expected_devices || send.says_yes;
  const Result<void> meant = check_again(survey, verb, send.expected_devices, is_said,
                                         fmt::format("{} --expect-devices {}", command, devices));
  if (meant.has_error()) return meant;
  if (is_said || !reaches_many(survey)) return {};
  return confirm_devices(devices, send, command);
}

int report_queued(const CommonOptions& common, const SendOptions& send, RunId run,
                  const AgainSurvey& survey) {
  if (common.wants_json()) {
    print(queued_again_json(run, survey));
  } else {
    print(fmt::format("run {}: {} queued\n", run.value, counted(survey.total(), "device")));
    if (!common.is_quiet)
      say(fmt::format("Nothing is sent yet. To send: {}\n", resume_command_for(run, common, send)));
  }
  return exit_codes::all_accepted;
}

/// Before anything is queued: a run that cannot be signed or sent takes its devices from nobody.
Result<void> check_sendable(const TenantSetup& setup, const Environment& environment) {
  const Result<FoundCredentials> key = credentials_for(setup, environment);
  if (key.has_error()) return key.error();
  return check_transport(setup);
}

/// Surveyed and agreed to here, queued and sent by the daemon.
ExitCode again_by_daemon(std::string_view verb, const CommonOptions& common, const SendOptions& send,
                         const AgainOptionsGiven& given, const AgainRequest& request,
                         const std::string& path) {
  const Result<void> fit = check_options_to_go_on(send);
  if (fit.has_error()) return fit.error();
  const Result<std::unique_ptr<StoreReader>> store = open_store_reader(path);
  if (store.has_error()) return store.error();
  const Result<AgainSurvey> survey = survey_again(**store, request);
  if (survey.has_error()) return survey.error();
  show(common, verb, *survey);
  const Result<void> confirmed =
      confirm(verb, send, *survey, command_again(verb, request.parent, given, again_options(common, send)));
  if (confirmed.has_error()) return confirmed.error();
  return send_again_by_daemon(common, path, request, given.where, *survey,
                              given.is_queued_only ? ThenWhat::leave : ThenWhat::follow);
}

ExitCode again(std::string_view verb, const CommonOptions& common, const SendOptions& send,
               const AgainOptionsGiven& given, AgainRequest request) {
  const Environment environment = process_environment();
  const Result<Config> config = load_config(common, environment);
  if (config.has_error()) return config.error();
  const std::string path = store_path(common, environment, *config);
  request.now = system_now();
  request.submitter = operator_name();
  if (is_served_by_daemon(path)) return again_by_daemon(verb, common, send, given, request, path);
  const Result<std::unique_ptr<Store>> store = open_existing_and_recover(path);
  if (store.has_error()) return store.error();
  const Result<AgainSurvey> survey = survey_again(**store, request);
  if (survey.has_error()) return survey.error();
  show(common, verb, *survey);
  const Result<void> confirmed =
      confirm(verb, send, *survey, command_again(verb, request.parent, given, again_options(common, send)));
  if (confirmed.has_error()) return confirmed.error();
  const Result<TenantSetup> setup = setup_of(survey->parent, survey->job, send, *config, environment);
  if (setup.has_error() && !given.is_queued_only) return setup.error();
  if (setup.has_value()) {
    const Result<void> within =
        check_limits(**store, setup->name, setup->limits, survey->total(), request.now);
    if (within.has_error()) return within.error();
    const Result<void> sendable = check_sendable(*setup, environment);
    if (sendable.has_error() && !given.is_queued_only) return sendable.error();
  }
  const Result<RunId> run = submit_again(**store, request, *survey);
  if (run.has_error()) return run.error();
  if (given.is_queued_only) return report_queued(common, send, *run, *survey);

  Result<RunRecord> record = find_run(**store, *run);
  if (record.has_error()) return record.error();
  Result<SessionRun> resumed = resumed_run(**store, std::move(*record), common, send, *config, environment);
  if (resumed.has_error()) return resumed.error();
  std::vector<SessionRun> runs;
  runs.push_back(std::move(*resumed));
  return send_and_report(**store, path, runs, common);
}

}  // namespace

ExitCode retry_command(const CommonOptions& common, const SendOptions& send, RunId run,
                       const AgainOptionsGiven& given) {
  const bool is_usual = !given.failed && !given.not_sent && !given.in_doubt;
  auto where = condition_on_results(given.where);
  if (where.has_error()) return where.error();
  return again("retry", common, send, given,
               {.parent = run,
                .purpose = RunPurpose::retry,
                .selection = {.failed = given.failed || is_usual,
                              .not_sent = given.not_sent || is_usual,
                              .in_doubt = given.in_doubt,
                              .where = std::move(*where)}});
}

ExitCode undo_command(const CommonOptions& common, const SendOptions& send, RunId run,
                      const AgainOptionsGiven& given) {
  return again("undo", common, send, given,
               {.parent = run,
                .purpose = RunPurpose::undo,
                .selection = {.in_doubt = true, .accepted = true, .where = {}}});
}

}  // namespace sluice
