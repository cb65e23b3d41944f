// SPDX-License-Identifier: MIT
#include "app/command_line.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "app/backup_commands.hpp"
#include "app/backup_line.hpp"
#include "app/commands.hpp"
#include "app/doctor_command.hpp"
#include "app/doctor_line.hpp"
#include "app/error_report.hpp"
#include "app/exit_codes.hpp"
#include "app/help_texts.hpp"
#include "app/keeping_commands.hpp"
#include "app/option_values.hpp"
#include "app/say.hpp"
#include "app/schedule_line.hpp"
#include "app/serve_command.hpp"
#include "app/settings.hpp"
#include "app/standard_output.hpp"
#include "app/token_command.hpp"
#include "app/token_line.hpp"
#include "app/usage_errors.hpp"
#include "app/version_report.hpp"
#include "jobfile/duration_text.hpp"
#include "sluice/jobfile/device_name.hpp"
#include "sluice/jobfile/job_file.hpp"

namespace sluice {
namespace {

using Milliseconds = std::chrono::milliseconds;

using Formats = std::vector<std::string_view>;
const Formats usual_formats{"text", "json"};

// More runs than a store is ever looked through for.
constexpr std::int64_t list_limit_max = 1'000'000;
constexpr std::int64_t devices_max = 1'000'000'000'000;

/// In the list of verbs, one line each: their examples stand in their own help.
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_subcommand(const CLI::App* verb) const override {
    const std::string text = verb->get_description();
    std::ostringstream line;
    CLI::detail::format_help(line, verb->get_name(), text.substr(0, text.find('\n')), column_width_);
    return line.str();
  }
};

KnownOption known_option(const CLI::Option& option) {
  KnownOption known{.names = {},
                    .takes_value = option.get_items_expected_max() > 0,
                    .may_repeat = option.get_items_expected_max() > 1};
  for (const std::string& name : option.get_snames()) known.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) known.names.push_back("--" + name);
  return known;
}

KnownVerb known_verb(const CLI::App& verb) {
  KnownVerb known{.name = verb.get_name(), .arguments = {}, .arguments_needed = 0, .options = {}};
  for (const CLI::Option* option : verb.get_options()) {
    if (!option->get_positional()) {
      known.options.push_back(known_option(*option));
      continue;
    }
    known.arguments.push_back(option->get_name(true));
    if (option->get_required()) ++known.arguments_needed;
  }
  return known;
}

std::optional<ProgressMode> progress_mode_from(std::string_view word) {
  if (word == "auto") return ProgressMode::automatic;
  if (word == "plain") return ProgressMode::plain;
  if (word == "json") return ProgressMode::json;
  if (word == "none") return ProgressMode::none;
  return std::nullopt;
}

/// Everything that can be said on the command line, with the verb that was chosen.
class CommandLine {
 public:
  CommandLine() : app_(std::string{help_texts::first_examples}, "sluice") {
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.formatter(std::make_shared<HelpFormatter>());
    app_.get_formatter()->column_width(34);
    app_.set_version_flag("--version", version_line());
    app_.footer(fmt::format("{}\n{}", help_texts::environment_footer, help_texts::exit_codes_footer));
    add_common_options();
    add_planning_verbs();
    add_sending_verbs();
    add_again_verbs();
    add_control_verbs();
    add_schedule_options(
        *verb("schedule",
              "Let jobs run by the clock: add, list, show, pause, resume, remove, trigger, next, backfill.",
              std::string{schedule_examples}, [this] { return schedule_command(common_, schedule_); }),
        schedule_);
    add_reporting_verbs();
    add_simulating_verbs();
    add_token_options(*verb("token", "Make a token for clients of the API.", std::string{token_examples},
                            [this] { return token_command(common_, token_); }),
                      token_);
    add_serving_verb();
    add_keeping_verbs();
  }

  int run(std::vector<std::string> words) {
    words = with_help_option(std::move(words));
    if (const auto error = find_usage_error(known_words(), words))
      return report(*error, asks_for_json(words));
    try {
      app_.parse(std::vector<std::string>{words.rbegin(), words.rend()});
    } catch (const CLI::ParseError& problem) {
      if (problem.get_exit_code() == 0) return app_.exit(problem);
      return report({ErrorKind::usage, printable(problem.what()), see_help()}, asks_for_json(words));
    } catch (const Error& error) {
      return report(error, asks_for_json(words));
    }
    if (const auto error = unknown_format()) return report(*error, common_.wants_json());
    const ExitCode done = verb_.action();
    if (done.has_error()) return report(with_store(done.error()), common_.wants_json());
    if (!is_output_written()) return report(unwritten_output(), common_.wants_json());
    return *done;
  }

 private:
  struct Verb {
    std::string name;
    std::function<ExitCode()> action;
    Formats formats;
  };

  CLI::App* verb(const std::string& name, const std::string& what, const std::string& examples,
                 std::function<ExitCode()> action, Formats formats = usual_formats) {
    CLI::App* added = app_.add_subcommand(name, what + "\n\nExamples:\n" + examples);
    added->callback([this, chosen = Verb{name, std::move(action), std::move(formats)}] { verb_ = chosen; });
    added->footer(fmt::format("{}\n{}\n{}", common_help_, help_texts::environment_footer,
                              help_texts::exit_codes_footer));
    return added;
  }

  KnownWords known_words() const {
    KnownWords known;
    for (const CLI::Option* option : app_.get_options()) known.common.push_back(known_option(*option));
    for (const CLI::App* verb : app_.get_subcommands({})) known.verbs.push_back(known_verb(*verb));
    return known;
  }

  std::optional<Error> unknown_format() const {
    if (common_.output.empty() || std::ranges::find(verb_.formats, common_.output) != verb_.formats.end()) {
      return std::nullopt;
    }
    return Error{
        ErrorKind::usage,
        fmt::format("--output {}: `sluice {}` has no such format", printable(common_.output, 64), verb_.name),
        fmt::format("One of {}.", fmt::join(verb_.formats, ", "))};
  }

  std::string see_help() const {
    return verb_.name.empty() ? "See `sluice --help`." : fmt::format("See `sluice {} --help`.", verb_.name);
  }

  static void add_text(CLI::App* to, const std::string& name, const std::string& type, std::string& value,
                       const std::string& what) {
    to->add_option(name, value, what)->type_name(type);
  }

  /// The error of `read` is thrown through CLI11, which would put it into words of its own.
  template <class Read>
  static CLI::Option* add_read(CLI::App* to, const std::string& name, const std::string& type,
                               const std::string& what, Read read) {
    const auto take = [name, read](const std::string& text) {
      const Result<void> taken = read(fmt::format("{} {}", name, text), text);
      if (taken.has_error()) throw Error{taken.error()};
    };
    return to->add_option_function<std::string>(name, take, what)->type_name(type);
  }

  template <class Value>
  static CLI::Option* add_whole_number(CLI::App* to, const std::string& name, Value& value,
                                       std::int64_t least, std::int64_t most, const std::string& what) {
    return add_read(
        to, name, "N", what,
        [&value, least, most](const std::string& source, const std::string& text) -> Result<void> {
          const Result<std::int64_t> number = whole_number_between(source, text, least, most);
          if (number.has_error()) return number.error();
          assign(value, *number);
          return {};
        });
  }

  template <class Number>
  static void assign(std::optional<Number>& value, std::int64_t number) {
    value = static_cast<Number>(number);
  }
  template <class Number>
  static void assign(Number& value, std::int64_t number) {
    value = static_cast<Number>(number);
  }

  template <class Value>
  static void add_rate(CLI::App* to, const std::string& name, Value& value, const std::string& what) {
    add_read(to, name, "N", what,
             [&value](const std::string& source, const std::string& text) -> Result<void> {
               const Result<double> number = number_between(source, text, rate_min, rate_max);
               if (number.has_error()) return number.error();
               value = *number;
               return {};
             });
  }

  static CLI::Option* add_duration(CLI::App* to, const std::string& name, std::optional<Milliseconds>& value,
                                   const std::string& what) {
    return add_read(to, name, "TIME", what,
                    [&value](const std::string& source, const std::string& text) -> Result<void> {
                      value = parse_duration(text);
                      if (value) return {};
                      return Error{ErrorKind::usage, printable(source, 128) + ": this is not a duration",
                                   "Expected one such as 500ms, 15s or 2m."};
                    });
  }

  CLI::Option* add_run_argument(CLI::App* to, const std::string& what) {
    return add_read(
        to, "RUN", "", what, [this](const std::string& source, const std::string& text) -> Result<void> {
          const auto number = whole_number_between(source, text, 1, std::numeric_limits<std::int64_t>::max());
          if (number.has_value()) run_ = *number;
          if (number.has_value()) return {};
          return Error{ErrorKind::usage, printable(source, 128) + ": this is not a run's number",
                       "`sluice list` shows the runs and their numbers."};
        });
  }

  void add_common_options() {
    add_text(&app_, "--store", "FILE", common_.store, "The store [$XDG_STATE_HOME/sluice/sluice.db]");
    add_text(&app_, "--config", "FILE", common_.config,
             "The configuration [$XDG_CONFIG_HOME/sluice/config.json]");
    add_text(&app_, "-o,--output", "FORMAT", common_.output,
             "How to print: text, json; results: table, json, ndjson, csv, txt");
    add_read(&app_, "--progress", "HOW", "On stderr: auto, plain, json or none [auto]",
             [this](const std::string& source, const std::string& text) -> Result<void> {
               const auto mode = progress_mode_from(text);
               if (mode) common_.progress = *mode;
               if (mode) return {};
               return Error{ErrorKind::usage, printable(source, 128) + ": there is no such progress",
                            "One of auto, plain, json, none."};
             });
    app_.add_flag("-q,--quiet", common_.is_quiet, "Say nothing but results and errors");
    app_.add_flag("-v,--verbose", common_.is_verbose,
                  "Print a line for every attempt (not among --progress json)");
    const std::vector<const CLI::Option*> options =
        std::as_const(app_).get_options([](const CLI::Option* option) {
          return !option->check_name("--help") && !option->check_name("--version");
        });
    HelpFormatter formatter;
    formatter.column_width(34);
    common_help_ = formatter.make_group("Options of every verb", false, options).substr(1);
  }

  void add_list_options(CLI::App* to) {
    add_text(to, "--devices", "FILE", send_.devices_file,
             "Device list, instead of the job file's; - is standard input:\n"
             "one name a line, or with --column CSV or NDJSON, whichever it is");
    add_text(to, "--column", "NAME", send_.column, "Column or member that holds the device's name [device]");
    const auto take = [this](const std::vector<std::string>& texts) {
      for (const std::string& text : texts) {
        Result<ParameterSetting> setting = parse_setting(text);
        if (setting.has_error()) throw Error{setting.error()};
        send_.settings.push_back(std::move(*setting));
      }
    };
    to->add_option_function<std::vector<std::string>>(
          "--set", take, "The value of one of the job's params, as in version=2.14.0; may be repeated")
        ->type_name("NAME=VALUE")
        ->allow_extra_args(false);
  }

  void add_device_options(CLI::App* to) {
    add_list_options(to);
    add_expected_devices(to);
  }

  void add_endpoint_options(CLI::App* to, const std::string& endpoint, const std::string& rate) {
    add_text(to, "--endpoint", "URL", send_.endpoint, endpoint);
    add_text(to, "--credentials", "FILE", send_.credentials_file,
             "File with the access key, mode 0600 (or SLUICE_CREDENTIALS)");
    add_text(to, "--profile", "NAME", send_.profile, "Profile of the credentials file");
    add_text(to, "--ca-file", "FILE", send_.ca_file,
             "Certificates to trust instead of the system's, PEM (or SLUICE_CA_FILE)");
    add_pace_options(to, rate);
    add_duration(to, "--connect-timeout", send_.connect_timeout, "For connecting [5s]");
    add_duration(to, "--tls-timeout", send_.tls_timeout, "For the TLS handshake [5s]");
    add_duration(to, "--timeout", send_.exchange_timeout,
                 "From a request's first byte to its answer's last [15s]");
  }

  void add_endpoint_options_of_job(CLI::App* to) {
    add_endpoint_options(
        to, "Where the API is, such as https://iot.cn-shanghai.aliyuncs.com (or SLUICE_ENDPOINT)",
        "Requests per second, at most the tenant's (or SLUICE_RATE)");
  }

  void add_tenant_option(CLI::App* to) {
    add_text(to, "--tenant", "NAME", send_.tenant,
             "The cloud account, as the configuration calls it (or SLUICE_TENANT)");
  }

  void add_pace_options(CLI::App* to, const std::string& rate = "Requests per second, at most the tenant's") {
    add_rate(to, "--rate", send_.rate, rate);
    add_whole_number(to, "--in-flight", send_.in_flight, 1, in_flight_max,
                     "Requests under way at the same time [32]");
  }

  void add_job_argument(CLI::App* to) {
    to->add_option("JOB", send_.job_file, "The job file")->type_name("")->required();
  }

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
    add_tenant_option(plan);
    add_endpoint_options_of_job(plan);
    add_start(plan, "As if it were run then, such as 2026-03-28T22:00:00Z [now]");
  }

  void add_yes(CLI::App* to) {
    to->add_flag(
        "-y,--yes", send_.says_yes,
        "Answer every question with yes: also a run of more than 500 devices\nwithout stages begins");
  }

  void add_expected_devices(CLI::App* to) {
    add_whole_number(to, "--expect-devices", send_.expected_devices, 1, devices_max,
                     "Refuse to go on with any other number of devices");
  }

  void add_sending_verbs() {
    CLI::App* run =
        verb("run", "Queue a job and send it, with progress. Ctrl-C stops cleanly; resume goes on.",
             "  sluice run job.json\n  sluice run job.json --devices fleet.txt --expect-devices 5000\n"
             "  sluice run job.json --set version=2.14.0\n",
             [this] { return run_command(common_, send_); });
    CLI::App* submit =
        verb("submit", "Put a job into the queue, and send nothing yet.",
             "  sluice submit job.json\n  cat fleet.txt | sluice submit job.json --devices -\n",
             [this] { return submit_command(common_, send_); });
    for (CLI::App* to : {run, submit}) {
      add_job_argument(to);
      add_device_options(to);
      add_tenant_option(to);
      add_endpoint_options_of_job(to);
      add_yes(to);
      add_text(to, "--plan", "FILE", send_.plan_file,
               "A plan that was kept (plan --output json): refuse if anything\nhas changed since");
    }

    CLI::App* resume =
        verb("resume", "Go on with what is unfinished: one run, or all of them.",
             "  sluice resume\n  sluice resume 7 --endpoint https://iot.cn-beijing.aliyuncs.com\n",
             [this] { return resume_command(common_, send_, wanted_run()); });
    add_run_argument(resume, "The run's number; none: every unfinished run");
    // A run remembers where it was sent and how fast; the environment is not asked again.
    add_endpoint_options(resume, "Where the API is [where the run was sent before]",
                         "Requests per second, at most the tenant's [the run's own]");
  }

  void add_again_verbs() {
    CLI::App* retry =
        verb("retry", "Run the devices of a run again that failed or were not sent, or others of them.",
             "  sluice retry 7\n  sluice retry 7 --failed --where \"code glob 'iot.messagebroker.*'\"\n",
             [this] { return retry_command(common_, send_, RunId{*run_}, again_); });
    retry->add_flag("--failed", again_.failed, "Those that failed [these and those not sent]");
    retry->add_flag("--not-sent", again_.not_sent, "Those that nothing was sent to: pending or canceled");
    retry->add_flag("--in-doubt", again_.in_doubt, "Those in doubt: some may get the command a second time");
    add_text(retry, "--where", "CONDITION", again_.where,
             "Only those of them for which this holds; over device, state, code,\nmessage, request_id, "
             "chunk, attempts, "
             "stage");
    CLI::App* undo =
        verb("undo", "Send the job's compensating call to the devices that got the command, or may have.",
             "  sluice undo 7\n  sluice undo 7 --expect-devices 1200\n",
             [this] { return undo_command(common_, send_, RunId{*run_}, again_); });
    for (CLI::App* to : {retry, undo}) {
      add_run_argument(to, "The run's number")->required();
      to->add_flag("--queue-only", again_.is_queued_only, "Queue it, and send nothing yet");
      add_expected_devices(to);
      add_yes(to);
      add_endpoint_options(to, "Where the API is [where the run was sent before]",
                           "Requests per second, at most the tenant's [the run's own]");
    }
  }

  void add_control_verbs() {
    CLI::App* pause =
        verb("pause", "Stop sending a run, also one that another process sends. resume goes on.",
             "  sluice pause 7\n  sluice pause 7 --reason \"site 12 reports faults\"\n",
             [this] { return pause_command(common_, wanted_run(), reason_); });
    add_run_argument(pause, "The run's number; none: the only unfinished one");
    CLI::App* cancel = verb("cancel", "End a run for ever, also one that another process sends.",
                            "  sluice cancel 7 --reason \"wrong firmware\"\n",
                            [this] { return cancel_command(common_, RunId{*run_}, reason_); });
    add_run_argument(cancel, "The run's number")->required();
    CLI::App* stop = verb("stop", "Pause every unfinished run of the store.", "  sluice stop\n",
                          [this] { return stop_command(common_, reason_); });
    for (CLI::App* to : {pause, cancel, stop})
      add_text(to, "--reason", "TEXT", reason_, "Why; it stays on record with your name");
    add_approve_verb();
    add_rate_verb();
  }

  void add_approve_verb() {
    CLI::App* approve =
        verb("approve", "Let the next stage of a run start; it stays on record with your name.",
             "  sluice approve 7\n  sluice approve 7 --stage rest\n",
             [this] { return approve_command(common_, RunId{*run_}, approve_); });
    add_run_argument(approve, "The run's number")->required();
    add_text(approve, "--stage", "NAME", approve_.stage, "Which stage may start [the next one]");
    approve->add_flag("--past-gate", approve_.is_past_gate, "Whatever the gate before it says");
  }

  void add_rate_verb() {
    CLI::App* rate =
        verb("rate", "Slow an account down for some time, also while a process sends: set.",
             "  sluice rate set 4 --for 1h\n  sluice rate set 0.5 --for 30m --tenant prod\n", [this] {
               rate_.valid_for = valid_for_.value_or(Milliseconds{0});
               return rate_command(common_, rate_);
             });
    rate->add_option("ACTION", rate_.action, "set: from now on, no more than N requests a second")
        ->type_name("")
        ->required();
    add_read(rate, "N", "", "Requests per second",
             [this](const std::string& source, const std::string& text) -> Result<void> {
               const Result<double> number = number_between(source, text, rate_min, rate_max);
               if (number.has_error()) return number.error();
               rate_.rate = *number;
               return {};
             })
        ->required();
    add_text(rate, "--tenant", "NAME", rate_.tenant,
             "The cloud account, as the configuration calls it (or SLUICE_TENANT)");
    add_duration(rate, "--for", valid_for_, "How long; after that, as before")->required();
  }

  void add_reporting_verbs() {
    CLI::App* status =
        verb("status", "Show where a run stands.", "  sluice status\n  sluice status 7 --output json\n",
             [this] { return status_command(common_, wanted_run()); });
    add_run_argument(status, "The run's number; none: the newest run");

    CLI::App* list = verb("list", "List the runs of the store, newest first.", "  sluice list --limit 20\n",
                          [this] { return list_command(common_, limit_); });
    add_whole_number(list, "--limit", limit_, 1, list_limit_max, "At most so many [100]");

    CLI::App* results =
        verb("results", "Print one row per device.",
             "  sluice results 7 --state failed\n  sluice results 7 --output csv > results.csv\n",
             [this] { return results_command(common_, RunId{*run_}, results_); },
             {"table", "json", "ndjson", "csv", "txt", "text"});
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
    for (CLI::App* to : {results, why, verify}) add_run_argument(to, "The run's number")->required();
    add_doubt_verb();

    verb("version", "Print the versions of sluice and its libraries.", "  sluice version\n",
         [this]() -> ExitCode {
           fmt::print("{}", common_.wants_json() ? version_json() : version_text());
           return exit_codes::all_accepted;
         });
  }

  void add_doubt_verb() {
    CLI::App* doubt =
        verb("doubt", "List the devices in doubt, and decide about them: list, accept, resend.",
             "  sluice doubt list 7\n"
             "  sluice doubt accept 7 --reason \"all 100 report the new firmware\"\n"
             "  sluice doubt resend 7 --reason \"harmless twice\" --expect-devices 100 --chunk 12\n",
             [this] { return doubt_command(common_, RunId{*run_}, doubt_); });
    doubt
        ->add_option("ACTION", doubt_.action,
                     "list: show them; accept: count them as accepted, presumed; resend: send them once more")
        ->type_name("")
        ->required();
    add_run_argument(doubt, "The run's number")->required();
    add_text(doubt, "--reason", "TEXT", doubt_.reason,
             "accept, resend: why; it stays on record with your name");
    add_whole_number(doubt, "--expect-devices", doubt_.expected_devices, 1, devices_max,
                     "accept, resend: decide only about exactly so many devices");
    add_chunk_option(doubt);
    doubt->add_flag("--decided", doubt_.wants_decided, "list: who decided what about this run before");
  }

  void add_chunk_option(CLI::App* to) {
    const auto take = [this](const std::vector<std::string>& texts) {
      for (const std::string& text : texts) {
        const auto number =
            whole_number_between("--chunk " + text, text, 1, std::numeric_limits<std::int64_t>::max());
        if (number.has_error()) throw Error{number.error()};
        doubt_.chunks.push_back(*number);
      }
    };
    to->add_option_function<std::vector<std::string>>(
          "--chunk", take, "accept, resend: only this chunk, as the list numbers them; may be repeated")
        ->type_name("N")
        ->allow_extra_args(false);
  }

  void add_simulating_verbs() {
    CLI::App* rehearse =
        verb("rehearse", "Run a job against the built-in cloud, on a store of its own. Needs no account.",
             "  sluice rehearse job.json\n  sluice rehearse job.json --faults samples/faults/rough.json\n"
             "  sluice rehearse job.json --virtual\n",
             [this] { return rehearse_command(common_, send_, rehearse_); });
    add_job_argument(rehearse);
    add_device_options(rehearse);
    add_pace_options(rehearse);
    add_text(rehearse, "--faults", "FILE", rehearse_.faults_file, "What shall go wrong");
    add_text(rehearse, "--ledger", "FILE", rehearse_.ledger_file,
             "Where the built-in cloud records every request");
    add_seed(rehearse, rehearse_.seed);
    rehearse->add_flag("--virtual", rehearse_.is_virtual,
                       "In virtual time: what would take hours takes a moment");
    add_start(rehearse, "With --virtual: as if it were then, such as 2026-03-28T22:00:00Z [now]");

    CLI::App* simulate = verb("simulate", "Serve the built-in cloud until Ctrl-C.",
                              "  sluice simulate --port 8080 --faults samples/faults/latency.json\n",
                              [this] { return simulate_command(common_, cloud_, faults_file_); });
    add_whole_number(simulate, "--port", cloud_.port, 0, 65535, "Port to listen on [any free one]");
    add_text(simulate, "--faults", "FILE", faults_file_, "What shall go wrong");
    add_text(simulate, "--ledger", "FILE", cloud_.ledger_file, "Where to record every request");
    add_seed(simulate, cloud_.seed);
    add_whole_number(simulate, "--keys", cloud_.accounts, 1, 10'000,
                     "So many accounts: testid1, testid2, …, each with a quota [one: testid]");
    add_rate(simulate, "--limit", cloud_.requests_per_second, "The account's requests per second [10]");
    simulate->add_flag("--tls", cloud_.tls, "Serve HTTPS");
    add_text(simulate, "--tls-certificate", "FILE", cloud_.certificate_file, "PEM [one of its own]");
    add_text(simulate, "--tls-key", "FILE", cloud_.key_file, "PEM");
    add_text(simulate, "--ca-out", "FILE", cloud_.ca_file_out,
             "Where to write the certificate of its own authority");
  }

  void add_serving_verb() {
    verb("serve", "The daemon: sends for every tenant of the configuration until it is stopped.",
         "  sluice serve --config /etc/sluice/config.json --store /var/lib/sluice/sluice.db\n",
         [this] { return serve_command(common_); });
  }

  void add_keeping_verbs() {
    CLI::App* audit = verb("audit", "Who ordered what, from where and why: list, verify, export.",
                           "  sluice audit list\n  sluice audit verify --head 12:9f86d0818...\n"
                           "  sluice audit export > audit.ndjson\n",
                           [this] { return audit_command(common_, audit_); });
    audit
        ->add_option("ACTION", audit_.action,
                     "list: show it; verify: find any edit; export: one JSON object a line")
        ->type_name("")
        ->required();
    add_text(audit, "--head", "N:HASH", audit_.head,
             "verify: a head that was kept elsewhere must still be in it");
    CLI::App* prune = verb("prune", "Take runs out of the record that ended long ago.",
                           "  sluice prune --dry-run\n  sluice prune --older-than 720h\n",
                           [this] { return prune_command(common_, prune_); });
    add_duration(prune, "--older-than", prune_.older_than, "Those that ended so long ago [2160h: 90 days]");
    prune->add_flag("--dry-run", prune_.is_dry_run, "Only say which they are");
    add_backup_options(
        *verb("backup", "Copy the store into one file, also while a process sends.",
              std::string{backup_examples}, [this] { return backup_command(common_, backup_); }),
        backup_);
    add_restore_options(
        *verb("restore", "Put a backup into the store's place; what was unfinished is then in doubt.",
              std::string{restore_examples}, [this] { return restore_command(common_, backup_); }),
        backup_);
    add_doctor_options(
        *verb("doctor", "Look at store, disk, configuration, keys, endpoints and clock.",
              std::string{doctor_examples}, [this] { return doctor_command(common_, doctor_); }),
        doctor_);
  }

  void add_start(CLI::App* to, const std::string& what) {
    add_read(to, "--start", "TIME", what,
             [this](const std::string& source, const std::string& text) -> Result<void> {
               send_.start = from_iso_seconds(text);
               if (send_.start) return {};
               return Error{ErrorKind::usage, printable(source, 128) + ": this is not a time",
                            "Expected one in UTC, written like 2026-03-28T22:00:00Z."};
             });
  }

  static void add_seed(CLI::App* to, std::uint64_t& seed) {
    add_whole_number(to, "--seed", seed, 0, std::numeric_limits<std::int64_t>::max(),
                     "Draws other faults [1]");
  }

  std::optional<RunId> wanted_run() const {
    if (!run_) return std::nullopt;
    return RunId{*run_};
  }

  /// A command that a hint names looks into the store that this one was given.
  Error with_store(Error error) const {
    const bool names_command = error.hint.find("sluice ") != std::string::npos;
    if (!common_.store.empty() && names_command && error.hint.find("--store") == std::string::npos)
      error.hint += fmt::format(" (with --store {})", printable(common_.store, 512));
    return error;
  }

  static int report(const Error& error, bool as_json) {
    if (as_json) print(error_json(error));
    // Where nothing can be printed, the error is for people after all.
    if (!as_json || !is_output_written()) say(error_text(error));
    return exit_code_of(error.kind);
  }

  CLI::App app_;
  std::string common_help_;  ///< what each verb's help says of the options they all have
  Verb verb_;
  CommonOptions common_;
  SendOptions send_;
  ResultsOptionsGiven results_;
  DoubtOptionsGiven doubt_;
  AuditOptionsGiven audit_;
  PruneOptionsGiven prune_;
  BackupOptionsGiven backup_;
  DoctorOptionsGiven doctor_;
  RehearseOptions rehearse_;
  simulator::Options cloud_;
  std::string faults_file_;
  TokenOptionsGiven token_;
  AgainOptionsGiven again_;
  std::optional<std::int64_t> run_;
  std::string reason_;
  ApproveOptionsGiven approve_;
  RateOptionsGiven rate_;
  ScheduleOptionsGiven schedule_;
  std::optional<Milliseconds> valid_for_;
  std::size_t limit_ = 100;
};

}  // namespace

int run_command_line(int argc, const char* const* argv) {
  CommandLine line;
  const std::span words(argv + 1, argc > 0 ? static_cast<std::size_t>(argc - 1) : 0);
  return line.run({words.begin(), words.end()});
}

}  // namespace sluice
