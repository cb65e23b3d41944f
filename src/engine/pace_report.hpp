// SPDX-License-Identifier: MIT
// Tells the observer of the pace, and only what has changed by enough to be seen.
#pragma once

#include "sluice/engine/observer.hpp"

namespace sluice {

class PaceReport {
 public:
  /// @param limit the rate as long as nothing else is told
  PaceReport(Observer& observer, double limit) : observer_(observer), limit_(limit), rate_(limit) {}

  void tell(double rate, double others_use);
  void limit_is(double limit) { limit_ = limit; }
  void tell_whether_retries_are_held(bool are_held);
  void tell_whether_store_is_held(bool is_held);

 private:
  Observer& observer_;
  double limit_;
  // As told last.
  double rate_;
  double others_use_ = 0;
  bool are_retries_held_ = false;
  bool is_store_held_ = false;
};

}  // namespace sluice
