// SPDX-License-Identifier: MIT
// Which of a tenant's runs comes next: each gets its share of the sends, by its priority, and none waits for
// long. Start-time fair queueing: a run that has had less of its share than others has the lower pass.
#pragma once

#include <limits>
#include <map>

#include "sluice/core/ids.hpp"
#include "sluice/core/job.hpp"
#include "sluice/core/time.hpp"

namespace sluice {

/// The share of an emergency run beside a normal one is ten to one, and that of a normal one beside bulk.
double weight_of(Priority priority);

/// A run's place among others that want to send: the n-th chunk taken of it (from 0) ranks at
/// pass + n * stride, and the lowest rank comes first.
struct RunShare {
  double pass = 0;
  double stride = 0;
  int chunks_max = std::numeric_limits<int>::max();

  bool operator==(const RunShare&) const = default;
};

class FairShare {
 public:
  void add(RunId run, Priority priority, SteadyTime now);
  void remove(RunId run) { accounts_.erase(run); }

  /// A run that has waited gains weight: twice as much for every minute since its last chunk.
  RunShare share_of(RunId run, SteadyTime now) const;

  /// So many chunks of the run were taken now.
  void taken(RunId run, int chunks, SteadyTime now);

 private:
  struct Account {
    double weight = 1;
    double pass = 0;
    SteadyTime served_at;
  };

  std::map<RunId, Account> accounts_;
  double served_up_to_ = 0;  ///< the rank of the newest chunk taken: who comes later starts from there
};

}  // namespace sluice
