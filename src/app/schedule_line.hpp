// SPDX-License-Identifier: MIT
// The words that `sluice schedule` takes.
#pragma once

#include <CLI/CLI.hpp>
#include <string_view>

#include "app/schedule_options.hpp"

namespace sluice {

inline constexpr std::string_view schedule_examples =
    "  sluice schedule add job.json\n"
    "  sluice schedule add job.json --name weekly --cron \"0 3 * * sun\" --zone Asia/Shanghai\n"
    "  sluice schedule next nightly -n 10\n"
    "  sluice schedule pause nightly --reason \"holidays\"\n"
    "  sluice schedule backfill nightly --from 2026-05-01T00:00:00Z --to 2026-05-02T00:00:00Z --max 24\n";

/// Adds the arguments and options to the verb. A value that does not fit is thrown as an Error, through
/// CLI11.
void add_schedule_options(CLI::App& verb, ScheduleOptionsGiven& given);

}  // namespace sluice
