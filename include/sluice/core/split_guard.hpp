// SPDX-License-Identifier: MIT
// Tells a job that is at fault from devices that are, while rejected chunks are split. Splitting a fleet down
// to single devices for a wrong product key would cost two requests a device and call every device failed.
#pragma once

#include <string>
#include <string_view>

#include "sluice/core/chunk_rules.hpp"
#include "sluice/core/outcome.hpp"
#include "sluice/core/run.hpp"
#include "sluice/core/time.hpp"

namespace sluice {

/// Watches one run. Trips, and stays so, while nothing of the run was accepted: when three chunks of the list
/// in a row were rejected alike, or six parts of split ones (two halves and four quarters of the first).
class SplitGuard {
 public:
  static constexpr int alike_max = 3;
  static constexpr int parts_max = 6;

  /// Every outcome of the run, in the order in which they come.
  void heed(const AttemptFacts& attempt, const Outcome& outcome);

  /// Whether to stop splitting. A job of which something was accepted is not at fault as such.
  bool has_tripped() const { return has_tripped_; }

 private:
  bool was_accepted_ = false;
  bool has_tripped_ = false;
  std::string code_;  ///< of the list's last chunk that was rejected
  int alike_ = 0;     ///< chunks of the list in a row that were rejected with it
  int parts_ = 0;     ///< parts that were rejected
};

/// Instead of a split: the chunk waits unspent, and the run pauses with a reason that begins with
/// "split_guard".
Transition stop_splitting(const Outcome& outcome, UtcTime now);

/// Whether the reason of a paused run is that of stop_splitting().
bool is_split_guard_reason(std::string_view control_reason);

/// Whether a run that goes on is split without a guard: of what was accepted before, and of the operator's
/// word to go on after the guard had tripped, a dispatcher knows nothing by itself.
bool splits_unguarded(const RunRecord& run);

}  // namespace sluice
