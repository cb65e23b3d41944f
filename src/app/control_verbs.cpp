// SPDX-License-Identifier: MIT
#include "app/control_verbs.hpp"

#include "app/commands.hpp"
#include "app/line_options.hpp"
#include "sluice/jobfile/job_file.hpp"

namespace sluice {

ControlVerbs::ControlVerbs(Verbs& verbs) : common_(verbs.common()) {
  add_halting_verbs(verbs);
  add_approve_verb(verbs);
  add_rate_verb(verbs);
}

void ControlVerbs::add_halting_verbs(Verbs& verbs) {
  CLI::App* pause =
      verbs.add("pause", "Stop sending a run, also one that another process sends. resume goes on.",
                "  sluice pause 7\n  sluice pause 7 --reason \"site 12 reports faults\"\n",
                [this] { return pause_command(common_, run_, reason_); });
  add_run_argument(pause, run_, "The run's number; none: the only unfinished one");
  CLI::App* cancel = verbs.add("cancel", "End a run for ever, also one that another process sends.",
                               "  sluice cancel 7 --reason \"wrong firmware\"\n",
                               [this] { return cancel_command(common_, *run_, reason_); });
  add_run_argument(cancel, run_, "The run's number")->required();
  CLI::App* stop = verbs.add("stop", "Pause every unfinished run of the store.", "  sluice stop\n",
                             [this] { return stop_command(common_, reason_); });
  for (CLI::App* to : {pause, cancel, stop})
    add_text(to, "--reason", "TEXT", reason_, "Why; it stays on record with your name");
}

void ControlVerbs::add_approve_verb(Verbs& verbs) {
  CLI::App* approve =
      verbs.add("approve", "Let the next stage of a run start; it stays on record with your name.",
                "  sluice approve 7\n  sluice approve 7 --stage rest\n",
                [this] { return approve_command(common_, *run_, approve_); });
  add_run_argument(approve, run_, "The run's number")->required();
  add_text(approve, "--stage", "NAME", approve_.stage, "Which stage may start [the next one]");
  approve->add_flag("--past-gate", approve_.is_past_gate, "Whatever the gate before it says");
}

void ControlVerbs::add_rate_verb(Verbs& verbs) {
  CLI::App* rate =
      verbs.add("rate", "Slow an account down for some time, also while a process sends: set.",
                "  sluice rate set 4 --for 1h\n  sluice rate set 0.5 --for 30m --tenant prod\n", [this] {
                  rate_.valid_for = valid_for_.value_or(std::chrono::milliseconds{0});
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

}  // namespace sluice
