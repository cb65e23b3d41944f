// SPDX-License-Identifier: MIT
// Waits for the end of a run that another process sends, and reports it as if it had been sent here.
#pragma once

#include "app/commands.hpp"
#include "app/options.hpp"
#include "sluice/core/ids.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

/// Until the run is finished or paused, or its sender has left. A signal ends the waiting, not the run.
ExitCode follow_run(const CommonOptions& common, StoreReader& store, RunId run);

}  // namespace sluice
