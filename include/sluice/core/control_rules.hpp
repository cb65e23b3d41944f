// SPDX-License-Identifier: MIT
// What an operator may say about a run, and what becomes of it: a pause and a resume can be taken back, a
// cancel is for ever.
#pragma once

#include <string_view>

#include "sluice/core/run.hpp"

namespace sluice {

enum class ControlVerb { pause, resume, cancel };

std::string_view to_string(ControlVerb verb);

/// The state that the verb asks for.
RunControl wanted_by(ControlVerb verb);

enum class ControlVerdict {
  change,            ///< it is to be recorded
  already_so,        ///< said before: nothing changes, and that is no mistake
  refused_finished,  ///< there is nothing left to pause, to send or to cancel
  refused_canceled   ///< nothing beats a cancel
};

ControlVerdict judge(ControlVerb verb, const RunRecord& run);

}  // namespace sluice
