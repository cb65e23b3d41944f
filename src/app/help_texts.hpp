// SPDX-License-Identifier: MIT
// What the help says beside the options: examples first, the environment and the exit codes last.
#pragma once

#include <string_view>

namespace sluice::help_texts {

inline constexpr std::string_view exit_codes_footer =
    "Exit codes: 0 all accepted, 1 unexpected, 2 wrong use, 3 job file or configuration invalid, 4 not "
    "found,\n"
    "5 endpoint not reachable, 6 refused, or paused by an operator, 7 devices failed, 8 the run paused "
    "itself,\n"
    "9 canceled, 10 devices in doubt, 11 credentials, permission or another pause of the account, "
    "129/130/143 interrupted.";

inline constexpr std::string_view environment_footer =
    "Environment, where the option is not given: SLUICE_STORE, SLUICE_CONFIG, SLUICE_TENANT, "
    "SLUICE_ENDPOINT,\n"
    "SLUICE_RATE, SLUICE_IN_FLIGHT, SLUICE_CREDENTIALS, SLUICE_CA_FILE. A run that is resumed keeps its "
    "tenant,\n"
    "endpoint and rate.\n";

inline constexpr std::string_view first_examples =
    "Sends one command to a fleet of devices, at the pace the cloud allows.\n\n"
    "Examples:\n"
    "  sluice rehearse samples/hello.json       the whole run against a simulated cloud\n"
    "  sluice plan job.json                     what a run would do; sends nothing\n"
    "  sluice run job.json --devices fleet.txt  queue and send; Ctrl-C stops, resume goes on\n"
    "  sluice results 1 --state failed          who did not take it\n"
    "  sluice help run                          the options of a verb\n";

}  // namespace sluice::help_texts
