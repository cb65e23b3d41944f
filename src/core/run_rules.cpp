// SPDX-License-Identifier: MIT
#include "sluice/core/run_rules.hpp"

namespace sluice {

std::int64_t unfinished(const StateCounts& counts) { return counts.pending + counts.in_flight; }

std::int64_t total(const StateCounts& counts) {
  return counts.pending + counts.in_flight + counts.accepted + counts.presumed + counts.failed +
         counts.in_doubt + counts.canceled;
}

bool is_finished(const RunRecord& run) { return unfinished(run.chunks) == 0; }

RunStatus status_of(const RunRecord& run) {
  if (!is_finished(run)) {
    if (run.control == RunControl::paused || !run.tenant_pause_reason.empty()) return RunStatus::paused;
    return run.started_at ? RunStatus::running : RunStatus::pending;
  }
  if (run.control == RunControl::canceled) return RunStatus::canceled;
  if (run.chunks.in_doubt > 0) return RunStatus::finished_in_doubt;
  if (run.chunks.failed > 0) return RunStatus::completed_with_failures;
  return RunStatus::succeeded;
}

}  // namespace sluice
