// SPDX-License-Identifier: MIT
// A look at one run: all that `status` and `why` tell of it, here and over the API.
#pragma once

#include "app/run_report.hpp"
#include "sluice/core/result.hpp"
#include "sluice/core/run.hpp"
#include "sluice/core/time.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

Result<Sighting> sight_run(StoreReader& store, const RunRecord& run, UtcTime now);

/// What is said of a run's rate is said of the one in force: a person may have slowed its account down.
Result<void> heed_rate_order(StoreReader& store, RunRecord& run, UtcTime now);

}  // namespace sluice
