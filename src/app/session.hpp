// SPDX-License-Identifier: MIT
// Sends runs in the foreground: builds the transport and the dispatchers, shows progress, heeds signals.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/options.hpp"
#include "app/session_ground.hpp"
#include "app/settings.hpp"
#include "sluice/core/result.hpp"
#include "sluice/core/run.hpp"
#include "sluice/dialect/credentials.hpp"
#include "sluice/jobfile/device_set.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

/// One run and how it is to be sent.
struct SessionRun {
  RunRecord record;
  Job job;
  TenantSetup setup;
  Credentials credentials;
  std::string again_options;                     ///< what a command that goes on with it must be told as well
  std::shared_ptr<const DeviceSet> denied = {};  ///< devices that nothing is sent to; null: there are none
};

struct SessionEnd {
  std::optional<int> signal;     ///< the one that interrupted us
  std::optional<Error> failure;  ///< the first one
  /// Requests per second that others seemed to make under the same account, at each run's end; 0: no sign of
  /// any.
  std::map<RunId, double> others_use;
};

/// Whether connections to the endpoint can be set up at all: a CA file that is missing or damaged shows here,
/// before anything is queued.
Result<void> check_transport(const TenantSetup& setup);

/// Sends the runs until each is finished or halted, or a signal comes: those that go to the same place side
/// by side, each with its share; of one account's others one after the other. After SIGINT, SIGTERM or SIGHUP
/// no new request goes out and what is on its way may finish; a second one leaves at once. As long as it
/// sends, other processes can pause, resume and cancel the runs, by a socket beside the store.
/// @param store_file the store's path; empty: nobody can
SessionEnd send_runs(Store& store, const std::string& store_file, const std::vector<SessionRun>& runs,
                     const CommonOptions& options, const SessionGround& ground = machine_ground());

}  // namespace sluice
