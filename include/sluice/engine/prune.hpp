// SPDX-License-Identifier: MIT
// Takes out of the record what its owner no longer wants to keep.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "sluice/core/result.hpp"
#include "sluice/core/time.hpp"
#include "sluice/store/housekeeping.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

/// What is kept of runs that are over. The others are kept whatever this says.
struct KeepRules {
  std::chrono::seconds runs_for = std::chrono::days{90};  ///< after their end
  std::optional<std::int64_t> bytes_max;  ///< of the database in use: beyond, the oldest go before their time
};

inline constexpr std::int64_t prune_rows_max = 500;  ///< of one transaction

struct PruneReport {
  std::vector<PrunableRun> runs;  ///< taken out, or to be taken out
  std::int64_t rows = 0;
};

/// Which runs have been kept long enough.
Result<std::vector<PrunableRun>> runs_to_prune(Store& store, const KeepRules& rules, UtcTime now);

/// Takes them out, and first what a process that died has begun to take out. For a thread that may block:
/// between the steps others have their turn. @param goes_on asked before each step; false: the rest is left
/// for next time
Result<PruneReport> prune(Store& store, const KeepRules& rules, UtcTime now,
                          const std::function<bool()>& goes_on);

}  // namespace sluice
