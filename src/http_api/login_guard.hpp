// SPDX-License-Identifier: MIT
// Limits how fast one peer, and all of them together, may be wrong about tokens. A right token is always let
// in: with 256 random bits there is nothing to guess, and a stranger on the same address must not be able to
// lock its owner out. What is limited is what wrong ones cost: answers, lines in the log, rows in the audit.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "sluice/core/time.hpp"

namespace sluice {

class LoginGuard {
 public:
  /// A failure of that peer. @return false: it is one too many within a second, for him or over all peers
  bool take_failure(const std::string& peer, SteadyTime now);

 private:
  struct Failures {
    SteadyTime since{};
    int count = 0;
  };

  static int count_one(Failures& failures, SteadyTime now);
  void forget_old(SteadyTime now);

  std::map<std::string, Failures> peers_;
  Failures all_;  ///< those that no peer's own limit has kept out
};

inline constexpr int login_failures_per_second_max = 5;  ///< of one peer
/// Of all: whoever has a network of addresses is no more than ten honest peers.
inline constexpr int all_login_failures_per_second_max = 50;

}  // namespace sluice
