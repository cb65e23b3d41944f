// SPDX-License-Identifier: MIT
// Seam: how the record is kept small. A run is taken out in steps, each a transaction of its own, so that
// sending never waits long for it; from the first step on nobody sees the run any more, and what stays of it
// in the end is its row in pruned_runs. What belongs to no run goes by its age. The file does not shrink:
// what is free in it is used again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sluice/core/ids.hpp"
#include "sluice/core/result.hpp"
#include "sluice/core/time.hpp"

namespace sluice {

/// A run that may be taken out: it is over, nothing of it is in doubt, no run on record was made of it, and
/// neither the newest attempt nor the newest event of the store is one of it.
struct PrunableRun {
  RunId run;
  std::string job_name;
  std::string tenant;
  UtcTime ended_at;
  std::int64_t devices = 0;

  bool operator==(const PrunableRun&) const = default;
};

struct PruneStep {
  std::int64_t rows = 0;  ///< taken out by this step
  bool is_done = false;   ///< nothing of the run is left but its row in pruned_runs
};

/// Takes out of the record what was kept long enough.
class Housekeeping {
 public:
  virtual ~Housekeeping() = default;

  /// Those that ended before, the longest ago first; at most so many.
  virtual Result<std::vector<PrunableRun>> prunable_runs(UtcTime ended_before, std::size_t limit) = 0;

  /// Runs that a process which died has begun to take out.
  virtual Result<std::vector<RunId>> half_pruned_runs() = 0;

  /// Takes out about so many rows of the run. Refused: it may not be taken out, or a group is under way.
  virtual Result<PruneStep> prune_step(RunId run, std::int64_t rows_max, UtcTime now) = 0;

  /// Takes out at most so many rows that belong to no run and are older: events, ticks that fired nothing,
  /// job files that were removed. What keeps anything from being sent twice stays: ticks that fired, contents
  /// of job files. @return how many rows; fewer than asked for: that was all
  virtual Result<std::int64_t> prune_runless(UtcTime before, std::int64_t rows_max) = 0;
};

}  // namespace sluice
