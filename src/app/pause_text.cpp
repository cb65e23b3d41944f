// SPDX-License-Identifier: MIT
#include "app/pause_text.hpp"

#include <fmt/format.h>

#include "sluice/core/chunk_rules.hpp"
#include "sluice/core/run_rules.hpp"
#include "sluice/dialect/block_advice.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

// A recorded reason begins with the code of the answer, where it was an answer.
std::string_view code_of(std::string_view reason) { return reason.substr(0, reason.find(": ")); }

std::string in_parentheses(std::string_view advice) {
  return advice.empty() ? std::string{} : fmt::format(" ({})", advice);
}

std::string advice_on_run(const RunRecord& run) {
  if (is_deadline_reason(run.control_reason)) return "a resume gives it the deadline once more";
  if (!is_paused_by_its_job(run)) return {};
  return fmt::format(
      "sluice resume {} goes on with the run's own copy of the job file; to change the job, correct the file "
      "and run it for what is pending",
      run.id.value);
}

}  // namespace

std::string pause_text(const RunRecord& run) {
  const std::string reason = printable(recorded_pause_reason(run));
  if (!run.tenant_pause_reason.empty()) {
    return fmt::format("tenant {} is paused: {}{}", printable(run.tenant, 256), reason,
                       in_parentheses(advice_on_block(code_of(run.tenant_pause_reason))));
  }
  if (reason.empty()) return "paused, no reason on record";
  return fmt::format("paused: {}{}", reason, in_parentheses(advice_on_run(run)));
}

std::string_view recorded_pause_reason(const RunRecord& run) {
  return run.tenant_pause_reason.empty() ? run.control_reason : run.tenant_pause_reason;
}

bool is_paused_by_its_job(const RunRecord& run) {
  // An outcome pauses a run, and not its whole tenant, for its job. A pause from before causes were recorded
  // may be one at the deadline as well.
  const bool is_for_outcome =
      run.control_cause == ControlCause::outcome || run.control_cause == ControlCause::none;
  return is_for_outcome && status_of(run) == RunStatus::paused && run.tenant_pause_reason.empty() &&
         !run.control_reason.empty() && !is_deadline_reason(run.control_reason);
}

}  // namespace sluice
