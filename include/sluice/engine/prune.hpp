// SPDX-License-Identifier: MIT
// Takes out of the record what its owner no longer wants to keep.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "sluice/core/result.hpp"
#include "sluice/core/time.hpp"
#include "sluice/store/housekeeping.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

/// What is kept of runs that are over. The others are kept whatever this says.
struct KeepRules {
  /// After their end; and what belongs to no run, after it happened.
  std::chrono::seconds runs_for = std::chrono::days{90};
  /// Of the database in use, without the audit: beyond, the oldest runs go before their time.
  std::int64_t bytes_max = std::int64_t{10} << 30;
};

inline constexpr std::int64_t prune_rows_max = 500;  ///< of one transaction

struct PruneReport {
  std::vector<PrunableRun> runs;  ///< taken out, or to be taken out
  std::int64_t rows = 0;          ///< all that were taken out
  std::int64_t runless_rows = 0;  ///< of them, those that belonged to no run
};

/// Which runs have been kept long enough.
Result<std::vector<PrunableRun>> runs_to_prune(Store& store, const KeepRules& rules, UtcTime now);

/// Takes them out, and first what a process that died has begun to take out; then what belongs to no run and
/// is as old. For a thread that may block:
/// between the steps others have their turn. @param goes_on asked before each step; false: the rest is left
/// for next time
Result<PruneReport> prune(Store& store, const KeepRules& rules, UtcTime now,
                          const std::function<bool()>& goes_on);

}  // namespace sluice
