// SPDX-License-Identifier: MIT
#include "sluice/core/job_file_rules.hpp"

namespace sluice {
namespace {

/// Gone is what was there; a file that was never good leaves nothing to retire, but is told as gone all the
/// same.
JobFileDecision decide_gone(const std::optional<KnownJobFile>& known) {
  if (!known || known->is_removed) return {};
  return {.step = JobFileStep::retire, .retires_schedule = known->has_schedule};
}

bool is_in_force(const KnownJobFile& known, const SeenJobFile& seen) {
  const bool has_its_work = seen.has_schedule ? known.has_schedule : known.has_run;
  return known.is_good && known.digest == seen.digest && has_its_work;
}

}  // namespace

JobFileDecision decide_job_file(const std::optional<KnownJobFile>& known,
                                const std::optional<SeenJobFile>& seen, bool was_submitted) {
  if (!seen) return decide_gone(known);
  if (!seen->is_valid) return {.step = JobFileStep::refuse};
  if (known && is_in_force(*known, *seen)) return {};
  if (seen->has_schedule) return {.step = JobFileStep::install};
  const bool retires = known && known->has_schedule;
  return {.step = was_submitted ? JobFileStep::accept_submitted : JobFileStep::submit,
          .retires_schedule = retires};
}

}  // namespace sluice
