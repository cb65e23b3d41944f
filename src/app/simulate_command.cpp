// SPDX-License-Identifier: MIT
// The verbs around the built-in cloud: simulate (a server until interrupted) and rehearse (a whole run
// against it).
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <limits>
#include <utility>
#include <variant>

#include "app/commands.hpp"
#include "app/display_text.hpp"
#include "app/exit_codes.hpp"
#include "app/foreground_run.hpp"
#include "app/operator_name.hpp"
#include "app/prepared_job.hpp"
#include "app/rate_proof.hpp"
#include "app/rehearsal.hpp"
#include "app/rehearsal_ground.hpp"
#include "app/run_report.hpp"
#include "app/say.hpp"
#include "app/standard_output.hpp"
#include "app/system_now.hpp"
#include "jobfile/regular_file.hpp"
#include "simulator/simulator.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

Result<simulator::FaultPlan> load_faults(const std::string& file) {
  if (file.empty()) return simulator::FaultPlan{};
  const Result<OpenFile> readable = open_regular_file(file, "fault plan");
  if (readable.has_error()) return readable.error();
  auto plan = simulator::read_fault_plan(file);
  if (auto* problem = std::get_if<std::string>(&plan))
    return Error{ErrorKind::invalid_input, *problem, "Correct the fault plan; samples/faults has several."};
  return std::get<simulator::FaultPlan>(std::move(plan));
}

Result<std::unique_ptr<simulator::Simulator>> start_simulator(simulator::Options options) {
  auto started = simulator::Simulator::start(std::move(options));
  if (auto* problem = std::get_if<std::string>(&started)) return Error{ErrorKind::refused, *problem, ""};
  return std::get<std::unique_ptr<simulator::Simulator>>(std::move(started));
}

/// Files that nobody would look at are a mistake of whoever named them.
Result<void> check_tls_options(const simulator::Options& options) {
  if (options.tls) return {};
  const std::pair<const std::string*, const char*> of_tls[] = {
      {&options.certificate_file, "--tls-certificate"},
      {&options.key_file, "--tls-key"},
      {&options.ca_file_out, "--ca-out"}};
  for (const auto& [file, option] : of_tls) {
    if (file->empty()) continue;
    return Error{ErrorKind::usage, fmt::format("{} is given without --tls", option),
                 "Add --tls to serve HTTPS, or leave it out."};
  }
  return {};
}

/// Real time begins when it begins.
Result<void> check_start(const SendOptions& send, const RehearseOptions& rehearse) {
  if (!send.start || rehearse.is_virtual) return {};
  return Error{ErrorKind::usage, "--start is given without --virtual",
               "Add --virtual to rehearse in virtual time, or leave it out."};
}

/// In whole seconds, so that it can be named exactly.
UtcTime start_of(const SendOptions& send) {
  return send.start.value_or(std::chrono::floor<std::chrono::seconds>(system_now()));
}

ExitCode report_rehearsal(const CommonOptions& common, StoreReader& store, RunId run, double rate,
                          const simulator::Summary& seen, int exit_code) {
  const Result<std::optional<RunRecord>> record = store.run(run);
  if (record.has_error()) return record.error();
  const Result<SendLog> sends = store.sends_of_run(run);
  if (sends.has_error()) return sends.error();
  const RateProof proof = prove_rate(sends->sent_at, rate, sends->unknown);
  const Result<StageSighting> stages = sight_stages(store, **record, std::nullopt, system_now());
  if (stages.has_error()) return stages.error();
  const std::string prediction = prediction_text(**record);
  const std::string text = fmt::format("{}{}{}What the simulated cloud saw:\n{}", stages_text(*stages),
                                       prediction.empty() ? "" : "time: " + prediction + "\n",
                                       rate_proof_text(proof, "rehearsal"), simulator::to_text(seen));
  common.wants_json() ? say(text) : print(text);
  if (common.store.empty() && !common.is_quiet) {
    say("The rehearsal's store is gone. To look into its results, keep it: --store FILE\n");
  }
  return exit_code;
}

void say_what_is_unreal(const RehearseOptions& rehearse, UtcTime start, const Job& job) {
  if (rehearse.is_virtual) {
    say(fmt::format("In virtual time, as if it were {}. The same again: --virtual --start {} --seed {}\n",
                    to_iso_seconds(start), to_iso_seconds(start), rehearse.seed));
  }
  if (asks_anybody(job))
    say("Approvals count as given here, and outside checks as passed: nobody is asked.\n");
}

void warn_of_vain_rehearsal(const std::string& faults_file, const simulator::Summary& seen) {
  say(
      fmt::format("Warning: nothing that {} plans came about in {}. Rehearse with more devices, or let its "
                  "faults come earlier or more often.\n",
                  printable(faults_file), counted(seen.requests, "request")));
}

}  // namespace

ExitCode rehearse_command(const CommonOptions& common, SendOptions send, const RehearseOptions& rehearse) {
  const Result<void> consistent = check_start(send, rehearse);
  if (consistent.has_error()) return consistent.error();
  Result<JobAndText> loaded = load_job(send);
  if (loaded.has_error()) return loaded.error();
  Result<TargetList> targets = open_targets(send, loaded->job, loaded->rules, {});
  if (targets.has_error()) return targets.error();
  Result<simulator::FaultPlan> faults = load_faults(rehearse.faults_file);
  if (faults.has_error()) return faults.error();

  const simulator::Options cloud{
      .faults = *faults, .ledger_file = rehearse.ledger_file, .seed = rehearse.seed};
  const UtcTime start = start_of(send);
  const auto make_ground = [&](const simulator::Options& options) {
    return rehearse.is_virtual ? virtual_ground(options, common.store, start)
                               : real_ground(options, common.store);
  };
  Result<Rehearsal> rehearsal = prepare_rehearsal(send, *loaded, *targets, cloud, operator_name(),
                                                  std::numeric_limits<std::int64_t>::max(), make_ground);
  if (rehearsal.has_error()) return rehearsal.error();
  warn_of(common, rehearsal->forecast);

  const SessionRun& run = rehearsal->run;
  announce(common, run.record, run.setup, "the simulated cloud");
  if (!common.is_quiet) say_what_is_unreal(rehearse, start, loaded->job);
  CommonOptions reporting = common;
  reporting.is_rehearsal = true;
  const ExitCode sent =
      send_and_report(*rehearsal->store, common.store, {run}, reporting, rehearsal->ground.session);
  if (sent.has_error()) return sent.error();
  const simulator::Summary seen = rehearsal->ground.end();
  if (simulator::is_in_vain(*faults, seen)) warn_of_vain_rehearsal(rehearse.faults_file, seen);
  return report_rehearsal(common, *rehearsal->store, run.record.id, run.setup.rate, seen, *sent);
}

ExitCode simulate_command(const CommonOptions& common, simulator::Options options,
                          const std::string& faults_file) {
  const Result<void> consistent = check_tls_options(options);
  if (consistent.has_error()) return consistent.error();
  Result<simulator::FaultPlan> faults = load_faults(faults_file);
  if (faults.has_error()) return faults.error();
  options.faults = std::move(*faults);

  // Blocked before any thread starts, so that the signal meets sigwait below and nobody else.
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &ends, nullptr);

  const std::string keys = options.accounts == 1
                               ? "key " + options.access_key_id
                               : fmt::format("keys {0}1 … {0}{1}", options.access_key_id, options.accounts);
  Result<std::unique_ptr<simulator::Simulator>> simulator = start_simulator(std::move(options));
  if (simulator.has_error()) return simulator.error();
  fmt::print("{}\n", (*simulator)->url());
  std::fflush(stdout);
  if (!common.is_quiet) {
    say(fmt::format(
        "A simulated cloud listens there, for the {} with the secret testsecret. Ctrl-C ends it.\n", keys));
  }
  int signal = 0;
  ::sigwait(&ends, &signal);
  (*simulator)->stop();
  const simulator::Summary seen = (*simulator)->summary();
  fmt::print("{}", common.wants_json() ? simulator::to_json(seen) + "\n" : simulator::to_text(seen));
  return exit_codes::all_accepted;
}

}  // namespace sluice
