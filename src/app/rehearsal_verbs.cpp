// SPDX-License-Identifier: MIT
#include "app/rehearsal_verbs.hpp"

#include <limits>

#include "app/commands.hpp"
#include "app/line_options.hpp"
#include "app/send_line.hpp"

namespace sluice {
namespace {

void add_seed(CLI::App* to, std::uint64_t& seed) {
  add_whole_number(to, "--seed", seed, 0, std::numeric_limits<std::int64_t>::max(), "Draws other faults [1]");
}

}  // namespace

RehearsalVerbs::RehearsalVerbs(Verbs& verbs) : common_(verbs.common()) {
  CLI::App* rehearse =
      verbs.add("rehearse", "Run a job against the built-in cloud, on a store of its own. Needs no account.",
                "  sluice rehearse job.json\n  sluice rehearse job.json --faults samples/faults/rough.json\n"
                "  sluice rehearse job.json --virtual\n",
                [this] { return rehearse_command(common_, send_, rehearse_); });
  add_job_argument(rehearse, send_);
  add_device_options(rehearse, send_);
  add_pace_options(rehearse, send_);
  add_text(rehearse, "--faults", "FILE", rehearse_.faults_file, "What shall go wrong");
  add_text(rehearse, "--ledger", "FILE", rehearse_.ledger_file,
           "Where the built-in cloud records every request");
  add_seed(rehearse, rehearse_.seed);
  rehearse->add_flag("--virtual", rehearse_.is_virtual,
                     "In virtual time: what would take hours takes a moment");
  add_start(rehearse, send_, "With --virtual: as if it were then, such as 2026-03-28T22:00:00Z [now]");

  CLI::App* simulate = verbs.add("simulate", "Serve the built-in cloud until Ctrl-C.",
                                 "  sluice simulate --port 8080 --faults samples/faults/latency.json\n",
                                 [this] { return simulate_command(common_, cloud_, faults_file_); });
  add_whole_number(simulate, "--port", cloud_.port, 0, 65535, "Port to listen on [any free one]");
  add_text(simulate, "--faults", "FILE", faults_file_, "What shall go wrong");
  add_text(simulate, "--ledger", "FILE", cloud_.ledger_file, "Where to record every request");
  add_seed(simulate, cloud_.seed);
  add_whole_number(simulate, "--keys", cloud_.accounts, 1, 10'000,
                   "So many accounts: testid1, testid2, …, each with a quota [one: testid]");
  add_rate(simulate, "--limit", "The account's requests per second [10]", cloud_.requests_per_second);
  simulate->add_flag("--tls", cloud_.tls, "Serve HTTPS");
  add_text(simulate, "--tls-certificate", "FILE", cloud_.certificate_file, "PEM [one of its own]");
  add_text(simulate, "--tls-key", "FILE", cloud_.key_file, "PEM");
  add_text(simulate, "--ca-out", "FILE", cloud_.ca_file_out,
           "Where to write the certificate of its own authority");
}

}  // namespace sluice
