// SPDX-License-Identifier: MIT
// Work for a store that a daemon owns: the verbs bring it to the daemon's socket, with the words that they
// have without one.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "app/commands.hpp"
#include "app/options.hpp"
#include "app/prepared_job.hpp"
#include "app/queued_job.hpp"
#include "sluice/core/result.hpp"
#include "sluice/core/run.hpp"
#include "sluice/engine/again.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

/// Whether a process owns the store that takes work; one that only sends its own runs does not.
bool is_served_by_daemon(const std::string& store_file);

/// Refused: an option that says how to send, which is the daemon's to know.
Result<void> check_options_for_daemon(const SendOptions& send);

/// The same for what goes on with a run, or is made of one. Refused as well: another rate than the run's.
Result<void> check_options_to_go_on(const SendOptions& send);

/// The document that the daemon answers a POST with.
/// Fails: what the daemon said, or `unexpected` if it ended without a word.
Result<std::string> post_to_daemon(const std::string& store_file, const std::string& target,
                                   const boost::json::object& body);

enum class ThenWhat { leave, follow };

/// Surveys and agrees here, then has the daemon queue exactly as many devices.
ExitCode submit_to_daemon(const CommonOptions& common, const SendOptions& send, const PreparedJob& prepared,
                          const std::string& store_file, const Agreement& agreement, ThenWhat then);

/// A retry or an undo that was surveyed and agreed to. @param where as it was given
ExitCode send_again_by_daemon(const CommonOptions& common, const std::string& store_file,
                              const AgainRequest& request, std::string_view where, const AgainSurvey& survey,
                              ThenWhat then);

/// What the operator says about devices in doubt.
Result<DoubtResolved> decide_in_daemon(const std::string& store_file, const DoubtDecision& decision);

/// Every run of the store that is paused.
ExitCode resume_all_in_daemon(const CommonOptions& common, const std::string& store_file);

}  // namespace sluice
