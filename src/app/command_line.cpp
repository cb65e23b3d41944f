// SPDX-License-Identifier: MIT
#include "app/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "app/commands.hpp"
#include "app/error_report.hpp"
#include "app/exit_codes.hpp"
#include "app/version_report.hpp"
#include "jobfile/duration_text.hpp"
#include "jobfile/nearest_word.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

using Milliseconds = std::chrono::milliseconds;

constexpr std::string_view exit_codes_footer =
    "Exit codes: 0 all accepted, 1 unexpected, 2 wrong use, 3 job file or configuration invalid, 4 not "
    "found,\n"
    "5 endpoint not reachable, 6 refused, 7 devices failed, 8 aborted, 9 canceled, 10 devices in doubt,\n"
    "11 credentials or permission, 130/143 interrupted.";

/// Everything that can be said on the command line, with the verb that was chosen.
class CommandLine {
 public:
  CommandLine() : app_("Sends one command to a fleet of devices, at the pace the cloud allows.", "sluice") {
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.get_formatter()->column_width(34);
    app_.set_version_flag("--version", version_line());
    app_.footer(std::string{exit_codes_footer});
    add_common_options();
    add_planning_verbs();
    add_sending_verbs();
    add_reporting_verbs();
    add_simulating_verbs();
  }

  int run(int argc, const char* const* argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& problem) {
      if (problem.get_exit_code() == 0) return app_.exit(problem);
      return report(Error{ErrorKind::usage, problem.what(), usage_hint(argc, argv)});
    }
    const ExitCode done = verb_();
    if (done.has_error()) return report(done.error());
    if (std::fflush(stdout) != 0)
      return report(Error{ErrorKind::storage, "standard output cannot be written", ""});
    return *done;
  }

 private:
  CLI::App* verb(const std::string& name, const std::string& what, const std::string& examples,
                 std::function<ExitCode()> action) {
    CLI::App* added = app_.add_subcommand(name, what + "\n\nExamples:\n" + examples);
    added->callback([this, action = std::move(action)] { verb_ = action; });
    return added;
  }

  void add_common_options() {
    app_.add_option("--store", common_.store, "The store [$XDG_STATE_HOME/sluice/sluice.db]")
        ->type_name("FILE");
    app_.add_option("--config", common_.config, "The configuration [$XDG_CONFIG_HOME/sluice/config.json]")
        ->type_name("FILE");
    app_.add_option("-o,--output", common_.output,
                    "How to print: text, json; results: table, json, ndjson, csv, txt")
        ->type_name("FORMAT");
    app_.add_option("--progress", common_.progress, "On stderr: auto, plain, json or none [auto]")
        ->type_name("HOW")
        ->transform(
            CLI::CheckedTransformer(std::map<std::string, ProgressMode>{{"auto", ProgressMode::automatic},
                                                                        {"plain", ProgressMode::plain},
                                                                        {"json", ProgressMode::json},
                                                                        {"none", ProgressMode::none}})
                .description(""));
    app_.add_flag("-q,--quiet", common_.is_quiet, "Say nothing but results and errors");
    app_.add_flag("-v,--verbose", common_.is_verbose, "Print a line for every attempt");
  }

  void add_list_options(CLI::App* to) {
    to->add_option("--devices", send_.devices_file,
                   "Device list, instead of the job file's; - is standard input")
        ->type_name("FILE");
    to->add_option("--column", send_.column, "Column or member that holds the device's name [device]");
  }

  void add_device_options(CLI::App* to) {
    add_list_options(to);
    to->add_option("--expect-devices", send_.expected_devices,
                   "Refuse to go on with any other number of devices")
        ->type_name("N");
  }

  void add_endpoint_options(CLI::App* to) {
    to->add_option("--endpoint", send_.endpoint,
                   "Where the API is, such as https://iot.cn-shanghai.aliyuncs.com")
        ->type_name("URL");
    to->add_option("--credentials", send_.credentials_file, "File with the access key (mode 0600)")
        ->type_name("FILE");
    to->add_option("--profile", send_.profile, "Profile of the credentials file")->type_name("NAME");
    to->add_option("--ca-file", send_.ca_file, "Certificates to trust instead of the system's (PEM)")
        ->type_name("FILE");
    add_pace_options(to);
    add_duration(to, "--connect-timeout", send_.connect_timeout, "For connecting [5s]");
    add_duration(to, "--tls-timeout", send_.tls_timeout, "For the TLS handshake [5s]");
    add_duration(to, "--timeout", send_.exchange_timeout,
                 "From a request's first byte to its answer's last [15s]");
  }

  void add_pace_options(CLI::App* to) {
    to->add_option("--rate", send_.rate, "Requests per second, at most the tenant's")->type_name("N");
    to->add_option("--in-flight", send_.in_flight, "Requests under way at the same time [32]")
        ->type_name("N");
  }

  static void add_duration(CLI::App* to, const std::string& name, std::optional<Milliseconds>& value,
                           const std::string& what) {
    to->add_option_function<std::string>(
          name,
          [&value, name](const std::string& text) {
            value = parse_duration(text);
            if (!value) throw CLI::ValidationError(name, "expected a duration such as 500ms, 15s or 2m");
          },
          what)
        ->type_name("TIME");
  }

  void add_job_argument(CLI::App* to) { to->add_option("JOB", send_.job_file, "The job file")->required(); }

  void add_planning_verbs() {
    CLI::App* validate = verb("validate", "Show all errors of a job file at once, or of its device list.",
                              "  sluice validate job.json\n  sluice validate job.json --devices fleet.csv\n",
                              [this] { return validate_command(common_, send_); });
    add_job_argument(validate);
    add_list_options(validate);

    CLI::App* plan =
        verb("plan", "Say what a run would do: devices, requests, duration. Sends nothing.",
             "  sluice plan job.json\n  sluice plan job.json --devices fleet.csv --output json\n",
             [this] { return plan_command(common_, send_); });
    add_job_argument(plan);
    add_device_options(plan);
    plan->add_option("--tenant", send_.tenant, "The cloud account, as the configuration calls it")
        ->type_name("NAME");
    add_endpoint_options(plan);
  }

  void add_sending_verbs() {
    CLI::App* run =
        verb("run", "Queue a job and send it, with progress. Ctrl-C stops cleanly; resume goes on.",
             "  sluice run job.json\n  sluice run job.json --devices fleet.txt --expect-devices 5000\n",
             [this] { return run_command(common_, send_); });
    CLI::App* submit =
        verb("submit", "Put a job into the queue, and send nothing yet.",
             "  sluice submit job.json\n  cat fleet.txt | sluice submit job.json --devices -\n",
             [this] { return submit_command(common_, send_); });
    for (CLI::App* to : {run, submit}) {
      add_job_argument(to);
      add_device_options(to);
      to->add_option("--tenant", send_.tenant, "The cloud account, as the configuration calls it")
          ->type_name("NAME");
      add_endpoint_options(to);
      to->add_flag("-y,--yes", send_.says_yes, "Answer every question with yes (this version asks none)");
    }

    CLI::App* resume =
        verb("resume", "Go on with what is unfinished: one run, or all of them.",
             "  sluice resume\n  sluice resume 7 --endpoint https://iot.cn-beijing.aliyuncs.com\n",
             [this] { return resume_command(common_, send_, wanted_run()); });
    resume->add_option("RUN", run_, "The run's number; none: every unfinished run");
    add_endpoint_options(resume);
  }

  void add_reporting_verbs() {
    CLI::App* status =
        verb("status", "Show where a run stands.", "  sluice status\n  sluice status 7 --output json\n",
             [this] { return status_command(common_, wanted_run()); });
    status->add_option("RUN", run_, "The run's number; none: the newest run");

    CLI::App* list = verb("list", "List the runs of the store, newest first.", "  sluice list --limit 20\n",
                          [this] { return list_command(common_, limit_); });
    list->add_option("--limit", limit_, "At most so many [100]")->type_name("N");

    CLI::App* results =
        verb("results", "Print one row per device.",
             "  sluice results 7 --state failed\n  sluice results 7 --output csv > results.csv\n",
             [this] { return results_command(common_, RunId{*run_}, results_); });
    results
        ->add_option(
            "--state", results_.state,
            "Only these: pending, in_flight, accepted, confirmed, presumed, failed, in_doubt, canceled")
        ->type_name("STATE");
    results->add_flag("--raw", results_.raw, "csv and txt: do not defuse formulas and control characters");

    CLI::App* why = verb("why", "Say in one line what a run is waiting for.", "  sluice why 7\n",
                         [this] { return why_command(common_, RunId{*run_}); });
    CLI::App* verify =
        verb("verify-rate", "Prove from the attempts how many requests any second held.",
             "  sluice verify-rate 7\n", [this] { return verify_rate_command(common_, RunId{*run_}); });
    for (CLI::App* to : {results, why, verify}) to->add_option("RUN", run_, "The run's number")->required();

    verb("version", "Print the versions of sluice and its libraries.", "  sluice version\n",
         [this]() -> ExitCode {
           fmt::print("{}", common_.wants_json() ? version_json() : version_text());
           return exit_codes::all_accepted;
         });
  }

  void add_simulating_verbs() {
    CLI::App* rehearse =
        verb("rehearse", "Run a job against the built-in cloud, on a store of its own. Needs no account.",
             "  sluice rehearse job.json\n  sluice rehearse job.json --faults samples/faults/rough.json\n",
             [this] { return rehearse_command(common_, send_, rehearse_); });
    add_job_argument(rehearse);
    add_device_options(rehearse);
    add_pace_options(rehearse);
    rehearse->add_option("--faults", rehearse_.faults_file, "What shall go wrong")->type_name("FILE");
    rehearse->add_option("--ledger", rehearse_.ledger_file, "Where the built-in cloud records every request")
        ->type_name("FILE");
    rehearse->add_option("--seed", rehearse_.seed, "Draws other faults [1]")->type_name("N");

    CLI::App* simulate = verb("simulate", "Serve the built-in cloud until Ctrl-C.",
                              "  sluice simulate --port 8080 --faults samples/faults/latency.json\n",
                              [this] { return simulate_command(common_, cloud_, faults_file_); });
    simulate->add_option("--port", cloud_.port, "Port to listen on [any free one]")->type_name("N");
    simulate->add_option("--faults", faults_file_, "What shall go wrong")->type_name("FILE");
    simulate->add_option("--ledger", cloud_.ledger_file, "Where to record every request")->type_name("FILE");
    simulate->add_option("--seed", cloud_.seed, "Draws other faults [1]")->type_name("N");
    simulate->add_option("--limit", cloud_.requests_per_second, "The account's requests per second [10]")
        ->type_name("N")
        ->check(CLI::PositiveNumber.description(""));
    simulate->add_flag("--tls", cloud_.tls, "Serve HTTPS");
    simulate->add_option("--tls-certificate", cloud_.certificate_file, "PEM [one of its own]")
        ->type_name("FILE");
    simulate->add_option("--tls-key", cloud_.key_file, "PEM")->type_name("FILE");
    simulate
        ->add_option("--ca-out", cloud_.ca_file_out, "Where to write the certificate of its own authority")
        ->type_name("FILE");
  }

  std::optional<RunId> wanted_run() const {
    if (!run_) return std::nullopt;
    return RunId{*run_};
  }

  std::string usage_hint(int argc, const char* const* argv) {
    std::vector<std::string> names;
    for (const CLI::App* known : app_.get_subcommands({})) names.push_back(known->get_name());
    std::vector<std::string_view> verbs{names.begin(), names.end()};
    for (int i = 1; i < argc; ++i) {
      const std::string_view word = argv[i];
      if (word.starts_with("-")) continue;
      if (std::ranges::find(verbs, word) != verbs.end()) return fmt::format("See `sluice {} --help`.", word);
      if (const auto nearest = nearest_word(word, verbs))
        return fmt::format("Did you mean `sluice {}`?", *nearest);
      break;
    }
    return "See `sluice --help`.";
  }

  int report(const Error& error) {
    if (common_.wants_json()) {
      fmt::print("{}", error_json(error));
    } else {
      fmt::print(stderr, "{}", error_text(error));
    }
    return exit_code_of(error.kind);
  }

  CLI::App app_;
  std::function<ExitCode()> verb_;
  CommonOptions common_;
  SendOptions send_;
  ResultsOptionsGiven results_;
  RehearseOptions rehearse_;
  simulator::Options cloud_;
  std::string faults_file_;
  std::optional<std::int64_t> run_;
  std::size_t limit_ = 100;
};

}  // namespace

int run_command_line(int argc, const char* const* argv) {
  CommandLine line;
  return line.run(argc, argv);
}

}  // namespace sluice
