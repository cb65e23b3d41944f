// SPDX-License-Identifier: MIT
// The requests of the runs that a dispatcher serves, as a pure function of configuration, job, intent and
// devices.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/engine/dispatcher.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

/// Each line of a text whose lines all end with '\n'.
std::vector<std::string_view> lines_of(std::string_view text);

/// The request for a claimed chunk under this intent.
HttpRequest request_for(const DispatcherConfig& config, const Job& job, const ClaimedChunk& chunk,
                        const AttemptIntent& intent);

using JobsOfRuns = std::map<RunId, std::shared_ptr<const Job>>;

/// Makes one intent for each nonce, all stamped with that time. Called on the database thread, so it owns or
/// shares all that it uses. @param jobs of every run that may be claimed
IntentMaker intent_maker(std::shared_ptr<const DispatcherConfig> config, JobsOfRuns jobs,
                         std::vector<std::string> nonces, UtcTime now);

}  // namespace sluice
