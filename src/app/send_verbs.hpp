// SPDX-License-Identifier: MIT
// The verbs that make runs and send them: validate, plan, run, submit, resume, retry, undo.
#pragma once

#include <optional>

#include "app/again_options.hpp"
#include "app/options.hpp"
#include "app/verbs.hpp"
#include "sluice/core/ids.hpp"

namespace sluice {

class SendVerbs {
 public:
  /// Adds them; what was given is kept here, so this outlives the parsing and the verb.
  explicit SendVerbs(Verbs& verbs);
  SendVerbs(const SendVerbs&) = delete;
  SendVerbs& operator=(const SendVerbs&) = delete;

 private:
  void add_planning_verbs(Verbs& verbs);
  void add_sending_verbs(Verbs& verbs);
  void add_again_verbs(Verbs& verbs);

  CommonOptions& common_;
  SendOptions send_;
  AgainOptionsGiven again_;
  std::optional<RunId> run_;
};

}  // namespace sluice
