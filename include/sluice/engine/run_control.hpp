// SPDX-License-Identifier: MIT
// The operator's word on a run, carried out on the record. Blocking, one transaction's worth; who also sends
// the run brakes first and records then.
#pragma once

#include <string>
#include <vector>

#include "sluice/core/control_rules.hpp"
#include "sluice/core/ids.hpp"
#include "sluice/core/result.hpp"
#include "sluice/core/run.hpp"
#include "sluice/core/time.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

struct ControlOrder {
  ControlVerb verb = ControlVerb::pause;
  RunId run;
  std::string actor;  ///< who says so
  std::string words;  ///< why; may be empty
  UtcTime now;
};

struct ControlDone {
  RunRecord run;  ///< as it is now
  bool is_changed = false;
};

/// Idempotent. A resume lifts the pause of the run's tenant as well. Refused: as judge() says; not_found: no
/// such run.
Result<ControlDone> control_run(Store& store, const ControlOrder& order);

/// Pauses every unfinished run that is not paused yet, whatever `order` has for a run. @return all that are
/// unfinished, oldest first
Result<std::vector<ControlDone>> pause_all_runs(Store& store, const ControlOrder& order);

/// Refused for a canceled run; a finished one has nothing to send, which is for the caller to say.
Result<void> may_resume(const RunRecord& run);

/// not_found if there is no such run.
Result<RunRecord> known_run(StoreReader& store, RunId run);

}  // namespace sluice
