// SPDX-License-Identifier: MIT
// A run out of the record, made ready to be sent (again): its job, how its tenant is served now, its key.
#pragma once

#include <string>

#include "app/options.hpp"
#include "app/session.hpp"
#include "app/settings.hpp"
#include "sluice/core/result.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

/// Whoever says "resume" or "run" wants it to go on: a pause of the run or of its tenant is over. Its reason
/// leaves the record with it, so it is said once more.
Result<void> lift_pauses(Store& store, const RunRecord& run, const CommonOptions& common);

/// @param run as it was before the pause of its tenant was lifted
std::string tenant_goes_on_text(const RunRecord& run);

/// How the tenant of a recorded run is served now. Fails: as tenant_setup() does.
Result<TenantSetup> setup_of(const RunRecord& record, const Job& job, const SendOptions& send,
                             const Config& config, const Environment& environment);

/// A run knows its tenant and endpoint; options override what has moved since. Lifts its pauses and says on
/// stderr what is about to be sent.
Result<SessionRun> resumed_run(Store& store, RunRecord record, const CommonOptions& common,
                               const SendOptions& send, const Config& config, const Environment& environment);

}  // namespace sluice
