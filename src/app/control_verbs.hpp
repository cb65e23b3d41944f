// SPDX-License-Identifier: MIT
// The verbs that steer what is sent: pause, cancel, stop, approve, rate.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "app/options.hpp"
#include "app/verbs.hpp"
#include "sluice/core/ids.hpp"

namespace sluice {

class ControlVerbs {
 public:
  /// Adds them; what was given is kept here, so this outlives the parsing and the verb.
  explicit ControlVerbs(Verbs& verbs);
  ControlVerbs(const ControlVerbs&) = delete;
  ControlVerbs& operator=(const ControlVerbs&) = delete;

 private:
  void add_halting_verbs(Verbs& verbs);
  void add_approve_verb(Verbs& verbs);
  void add_rate_verb(Verbs& verbs);

  CommonOptions& common_;
  std::optional<RunId> run_;
  std::string reason_;
  ApproveOptionsGiven approve_;
  RateOptionsGiven rate_;
  std::optional<std::chrono::milliseconds> valid_for_;
};

}  // namespace sluice
