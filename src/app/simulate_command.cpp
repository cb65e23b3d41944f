// SPDX-License-Identifier: MIT
// The verbs around the built-in cloud: simulate (a server until interrupted) and rehearse (a whole run
// against it).
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>
#include <variant>

#include "app/commands.hpp"
#include "app/config.hpp"
#include "app/display_text.hpp"
#include "app/exit_codes.hpp"
#include "app/foreground_run.hpp"
#include "app/prepared_job.hpp"
#include "app/rate_proof.hpp"
#include "app/say.hpp"
#include "app/standard_output.hpp"
#include "app/store_options.hpp"
#include "app/system_now.hpp"
#include "jobfile/regular_file.hpp"
#include "simulator/simulator.hpp"
#include "sluice/engine/submit.hpp"
#include "sluice/jobfile/device_name.hpp"
#include "sluice/store/open_store.hpp"

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

/// A folder of its own that is gone when the rehearsal is over.
class ScratchFolder {
 public:
  static Result<ScratchFolder> make() {
    std::string path = (std::filesystem::temp_directory_path() / "sluice-rehearsal-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr) {
      return Error{ErrorKind::storage, fmt::format("no folder for the rehearsal can be made at {}", path),
                   "Give the rehearsal a store of its own with --store FILE."};
    }
    return ScratchFolder{std::move(path)};
  }
  explicit ScratchFolder(std::string path) : path_(std::move(path)) {}
  ScratchFolder(ScratchFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }

  std::string store() const { return path_ + "/rehearsal.db"; }

 private:
  std::string path_;
};

/// The built-in cloud's account stands in for the tenant's; everything else stays as the job and the options
/// say.
Result<TenantSetup> rehearsal_setup(const SendOptions& send, const Job& job, const std::string& url) {
  SendOptions local = send;
  local.endpoint = url;
  local.tenant = "rehearsal";
  const Environment nothing = [](const char*) { return std::nullopt; };
  return tenant_setup(local, nothing, Config{}, job);
}

ExitCode report_rehearsal(const CommonOptions& common, StoreReader& store, RunId run, double rate,
                          const simulator::Summary& seen, int exit_code) {
  const Result<SendLog> sends = store.sends_of_run(run);
  if (sends.has_error()) return sends.error();
  const RateProof proof = prove_rate(sends->sent_at, rate, sends->unknown);
  const std::string text = fmt::format("{}What the simulated cloud saw:\n{}",
                                       rate_proof_text(proof, "rehearsal"), simulator::to_text(seen));
  common.wants_json() ? say(text) : print(text);
  if (common.store.empty() && !common.is_quiet) {
    say("The rehearsal's store is gone. To look into its results, keep it: --store FILE\n");
  }
  return exit_code;
}

void warn_of_vain_rehearsal(const std::string& faults_file, const simulator::Summary& seen) {
  say(
      fmt::format("Warning: nothing that {} plans came about in {}. Rehearse with more devices, or let its "
                  "faults come earlier or more often.\n",
                  printable(faults_file), counted(seen.requests, "request")));
}

}  // namespace

ExitCode rehearse_command(const CommonOptions& common, SendOptions send, const RehearseOptions& rehearse) {
  Result<JobAndText> loaded = load_job(send);
  if (loaded.has_error()) return loaded.error();
  Result<TargetList> targets = open_targets(send, loaded->job, loaded->rules, {});
  if (targets.has_error()) return targets.error();
  Result<simulator::FaultPlan> faults = load_faults(rehearse.faults_file);
  if (faults.has_error()) return faults.error();

  simulator::Options cloud{.faults = *faults, .ledger_file = rehearse.ledger_file, .seed = rehearse.seed};
  const Credentials key{.access_key_id = cloud.access_key_id,
                        .access_key_secret = Secret{cloud.access_key_secret},
                        .security_token = {}};
  // The simulated account's limit follows the rehearsed rate, so that the rate can be proved at any speed.
  cloud.requests_per_second = std::max(default_requests_per_second, send.rate.value_or(0));
  Result<std::unique_ptr<simulator::Simulator>> simulator = start_simulator(std::move(cloud));
  if (simulator.has_error()) return simulator.error();
  Result<TenantSetup> setup = rehearsal_setup(send, loaded->job, (*simulator)->url());
  if (setup.has_error()) return setup.error();

  Result<ScratchFolder> scratch = ScratchFolder::make();
  if (scratch.has_error()) return scratch.error();
  Result<std::unique_ptr<Store>> store =
      open_store(common.store.empty() ? scratch->store() : common.store, system_now(), system_boot_clock(),
                 operators_store_options());
  if (store.has_error()) return store.error();
  const Result<Submitted> submitted = submit(**store, *targets,
                                             {.job = loaded->job,
                                              .job_text = loaded->text,
                                              .tenant = setup->name,
                                              .endpoint = to_string(setup->endpoint),
                                              .rate = setup->rate,
                                              .now = system_now(),
                                              .expected_devices = send.expected_devices});
  if (submitted.has_error()) return submitted.error();
  Result<std::optional<RunRecord>> record = (*store)->run(submitted->run);
  if (record.has_error()) return record.error();

  announce(common, **record, *setup, "the simulated cloud");
  std::vector<SessionRun> runs;
  runs.push_back({**record, loaded->job, *setup, key, /*again_options=*/{}});
  CommonOptions reporting = common;
  reporting.is_rehearsal = true;
  const ExitCode sent = send_and_report(**store, runs, reporting);
  if (sent.has_error()) return sent.error();
  (*simulator)->stop();
  const simulator::Summary seen = (*simulator)->summary();
  if (simulator::is_in_vain(*faults, seen)) warn_of_vain_rehearsal(rehearse.faults_file, seen);
  return report_rehearsal(common, **store, submitted->run, setup->rate, seen, *sent);
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

  const std::string key_id = options.access_key_id;
  Result<std::unique_ptr<simulator::Simulator>> simulator = start_simulator(std::move(options));
  if (simulator.has_error()) return simulator.error();
  fmt::print("{}\n", (*simulator)->url());
  std::fflush(stdout);
  if (!common.is_quiet) {
    say(fmt::format(
        "A simulated cloud listens there, for the key {} with the secret testsecret. Ctrl-C ends it.\n",
        key_id));
  }
  int signal = 0;
  ::sigwait(&ends, &signal);
  (*simulator)->stop();
  const simulator::Summary seen = (*simulator)->summary();
  fmt::print("{}", common.wants_json() ? simulator::to_json(seen) + "\n" : simulator::to_text(seen));
  return exit_codes::all_accepted;
}

}  // namespace sluice
