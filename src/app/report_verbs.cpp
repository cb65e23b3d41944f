// SPDX-License-Identifier: MIT
#include "app/report_verbs.hpp"

#include <fmt/format.h>

#include "app/commands.hpp"
#include "app/exit_codes.hpp"
#include "app/line_options.hpp"
#include "app/version_report.hpp"

namespace sluice {
namespace {

// More runs than a store is ever looked through for.
constexpr std::int64_t list_limit_max = 1'000'000;
constexpr std::int64_t devices_max = 1'000'000'000'000;

}  // namespace

ReportVerbs::ReportVerbs(Verbs& verbs) : common_(verbs.common()) {
  add_reporting_verbs(verbs);
  add_doubt_verb(verbs);
}

void ReportVerbs::add_reporting_verbs(Verbs& verbs) {
  CLI::App* status =
      verbs.add("status", "Show where a run stands.", "  sluice status\n  sluice status 7 --output json\n",
                [this] { return status_command(common_, run_); });
  add_run_argument(status, run_, "The run's number; none: the newest run");

  CLI::App* list = verbs.add("list", "List the runs of the store, newest first.",
                             "  sluice list --limit 20\n", [this] { return list_command(common_, limit_); });
  add_whole_number(list, "--limit", limit_, 1, list_limit_max, "At most so many [100]");

  CLI::App* results = verbs.add("results", "Print one row per device.",
                                "  sluice results 7 --state failed\n"
                                "  sluice results 7 --state failed --code iot.device.NotExistedDevice\n"
                                "  sluice results 7 --output csv > results.csv\n",
                                [this] { return results_command(common_, *run_, results_); },
                                {"table", "json", "ndjson", "csv", "txt", "text"});
  results
      ->add_option(
          "--state", results_.state,
          "Only these: pending, in_flight, accepted, confirmed, presumed, failed, in_doubt, canceled")
      ->type_name("STATE");
  results
      ->add_option("--code", results_.code, "Only those whose newest result has this code; none: it has none")
      ->type_name("CODE");
  results->add_flag("--raw", results_.raw, "csv and txt: do not defuse formulas and control characters");

  CLI::App* why = verbs.add("why", "Say in one line what a run is waiting for.", "  sluice why 7\n",
                            [this] { return why_command(common_, *run_); });
  CLI::App* verify =
      verbs.add("verify-rate", "Prove from the attempts how many requests any second held.",
                "  sluice verify-rate 7\n", [this] { return verify_rate_command(common_, *run_); });
  for (CLI::App* to : {results, why, verify}) add_run_argument(to, run_, "The run's number")->required();

  verbs.add("version", "Print the versions of sluice and its libraries.", "  sluice version\n",
            [this]() -> ExitCode {
              fmt::print("{}", common_.wants_json() ? version_json() : version_text());
              return exit_codes::all_accepted;
            });
}

void ReportVerbs::add_doubt_verb(Verbs& verbs) {
  CLI::App* doubt =
      verbs.add("doubt", "List the devices in doubt, and decide about them: list, accept, resend.",
                "  sluice doubt list 7\n"
                "  sluice doubt accept 7 --reason \"all 100 report the new firmware\"\n"
                "  sluice doubt resend 7 --reason \"harmless twice\" --expect-devices 100 --chunk 12\n",
                [this] { return doubt_command(common_, *run_, doubt_); });
  doubt
      ->add_option("ACTION", doubt_.action,
                   "list: show them; accept: count them as accepted, presumed; resend: send them once more")
      ->type_name("")
      ->required();
  add_run_argument(doubt, run_, "The run's number")->required();
  add_text(doubt, "--reason", "TEXT", doubt_.reason,
           "accept, resend: why; it stays on record with your name");
  add_whole_number(doubt, "--expect-devices", doubt_.expected_devices, 1, devices_max,
                   "accept, resend: decide only about exactly so many devices");
  add_chunk_option(doubt);
  doubt->add_flag("--decided", doubt_.wants_decided, "list: who decided what about this run before");
}

void ReportVerbs::add_chunk_option(CLI::App* to) {
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

}  // namespace sluice
