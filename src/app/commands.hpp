// SPDX-License-Identifier: MIT
// The verbs, each from its options to an exit code. Data goes to stdout, everything else to stderr.
#pragma once

#include <optional>
#include <string>

#include "app/again_options.hpp"
#include "app/options.hpp"
#include "app/results_writer.hpp"
#include "app/schedule_options.hpp"
#include "simulator/options.hpp"
#include "sluice/core/ids.hpp"
#include "sluice/core/result.hpp"

namespace sluice {

/// What a verb comes to: an exit code, or an error that is yet to be reported.
using ExitCode = Result<int>;

ExitCode validate_command(const CommonOptions& common, const SendOptions& send);
ExitCode plan_command(const CommonOptions& common, const SendOptions& send);
ExitCode submit_command(const CommonOptions& common, const SendOptions& send);
ExitCode run_command(const CommonOptions& common, const SendOptions& send);
ExitCode resume_command(const CommonOptions& common, const SendOptions& send, std::optional<RunId> run);

ExitCode pause_command(const CommonOptions& common, std::optional<RunId> run, const std::string& reason);
ExitCode cancel_command(const CommonOptions& common, RunId run, const std::string& reason);
ExitCode stop_command(const CommonOptions& common, const std::string& reason);
ExitCode approve_command(const CommonOptions& common, RunId run, const ApproveOptionsGiven& given);
ExitCode rate_command(const CommonOptions& common, const RateOptionsGiven& given);
/// Absent: no process has the store, so whoever resumes must send by himself.
Result<std::optional<int>> resume_where_it_is_sent(const CommonOptions& common, const std::string& path,
                                                   RunId run);

ExitCode schedule_command(const CommonOptions& common, const ScheduleOptionsGiven& given);

ExitCode rehearse_command(const CommonOptions& common, SendOptions send, const RehearseOptions& rehearse);

ExitCode simulate_command(const CommonOptions& common, simulator::Options options,
                          const std::string& faults_file);

ExitCode status_command(const CommonOptions& common, std::optional<RunId> run);
ExitCode list_command(const CommonOptions& common, std::size_t limit);
/// @param code as has_code() takes it; absent: any
ExitCode results_command(const CommonOptions& common, RunId run, const ResultsOptionsGiven& given,
                         const std::optional<std::string>& code);
ExitCode why_command(const CommonOptions& common, RunId run);
ExitCode doubt_command(const CommonOptions& common, RunId run, const DoubtOptionsGiven& given);
ExitCode retry_command(const CommonOptions& common, const SendOptions& send, RunId run,
                       const AgainOptionsGiven& given);
ExitCode undo_command(const CommonOptions& common, const SendOptions& send, RunId run,
                      const AgainOptionsGiven& given);
ExitCode verify_rate_command(const CommonOptions& common, RunId run);

}  // namespace sluice
