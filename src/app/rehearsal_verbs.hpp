// SPDX-License-Identifier: MIT
// The verbs that need no cloud: rehearse, simulate.
#pragma once

#include <string>

#include "app/options.hpp"
#include "app/verbs.hpp"

namespace sluice {

class RehearsalVerbs {
 public:
  /// Adds them; what was given is kept here, so this outlives the parsing and the verb.
  explicit RehearsalVerbs(Verbs& verbs);
  RehearsalVerbs(const RehearsalVerbs&) = delete;
  RehearsalVerbs& operator=(const RehearsalVerbs&) = delete;

 private:
  CommonOptions& common_;
  SendOptions send_;
  RehearseOptions rehearse_;
  simulator::Options cloud_;
  std::string faults_file_;
};

}  // namespace sluice
