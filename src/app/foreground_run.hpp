// SPDX-License-Identifier: MIT
// Around a session: which key is used, what is announced, and what is reported when it ends, however it ends.
#pragma once

#include <string_view>
#include <vector>

#include "app/commands.hpp"
#include "app/credential_sources.hpp"
#include "app/session.hpp"

namespace sluice {

/// By the chain of the configuration, the environment and the well-known files.
Result<FoundCredentials> credentials_for(const TenantSetup& setup, const Environment& environment);

/// Says on stderr what is about to be sent, where to, and with which key's source.
void announce(const CommonOptions& common, const RunRecord& record, const TenantSetup& setup,
              std::string_view key_source);

/// Sends the runs, prints each one's summary, and says how to go on. @param store_file as for send_runs()
ExitCode send_and_report(Store& store, const std::string& store_file, const std::vector<SessionRun>& runs,
                         const CommonOptions& common, const SessionGround& ground = machine_ground());

/// The options that neither a run nor the next command knows by itself: store, configuration, key, trust.
std::string again_options(const CommonOptions& common, const SendOptions& send);

/// The command that goes on with the run, with every option that a run does not remember by itself.
std::string resume_command_for(RunId run, const CommonOptions& common, const SendOptions& send);

/// The summaries of runs that have nothing left to send.
void report_final(const CommonOptions& common, const std::vector<RunRecord>& records);

}  // namespace sluice
