// SPDX-License-Identifier: MIT
#include "sluice/core/control_rules.hpp"

#include "sluice/core/run_rules.hpp"

namespace sluice {
namespace {

bool is_already(ControlVerb verb, const RunRecord& run) {
  // A tenant's pause holds the run as well, and whoever resumes the run wants it to go on.
  if (verb == ControlVerb::resume && !run.tenant_pause_reason.empty()) return false;
  return run.control == wanted_by(verb);
}

}  // namespace

std::string_view to_string(ControlVerb verb) {
  switch (verb) {
    case ControlVerb::pause:
      return "pause";
    case ControlVerb::resume:
      return "resume";
    case ControlVerb::cancel:
      return "cancel";
  }
  return "";
}

RunControl wanted_by(ControlVerb verb) {
  switch (verb) {
    case ControlVerb::pause:
      return RunControl::paused;
    case ControlVerb::cancel:
      return RunControl::canceled;
    case ControlVerb::resume:
      break;
  }
  return RunControl::active;
}

ControlVerdict judge(ControlVerb verb, const RunRecord& run) {
  if (run.control == RunControl::canceled) {
    return verb == ControlVerb::cancel ? ControlVerdict::already_so : ControlVerdict::refused_canceled;
  }
  if (is_finished(run)) return ControlVerdict::refused_finished;
  return is_already(verb, run) ? ControlVerdict::already_so : ControlVerdict::change;
}

}  // namespace sluice
