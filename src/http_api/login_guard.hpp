// SPDX-License-Identifier: MIT
// Limits how fast one peer may be wrong about tokens. A right token is always let in: with 256 random bits
// there is nothing to guess, and a stranger on the same address must not be able to lock its owner out. What
// is limited is what wrong ones cost: answers, lines in the log, rows in the audit.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "sluice/core/time.hpp"

namespace sluice {

class LoginGuard {
 public:
  /// A failure of that peer. @return false: it is one too many within a second
  bool take_failure(const std::string& peer, SteadyTime now);

 private:
  struct Failures {
    SteadyTime since;
    int count = 0;
  };

  void forget_old(SteadyTime now);

  std::map<std::string, Failures> peers_;
};

inline constexpr int login_failures_per_second_max = 5;

}  // namespace sluice
