// SPDX-License-Identifier: MIT
#include "app/scheduled_devices.hpp"

#include <optional>

#include "app/queued_job.hpp"
#include "sluice/engine/survey.hpp"

namespace sluice {

Result<void> check_scheduled_devices(const SendOptions& send, const JobAndText& loaded) {
  Result<TargetList> targets = open_targets(send, loaded.job, loaded.rules, {});
  if (targets.has_error()) return targets.error();
  const Result<Survey> surveyed = survey(*targets, {.job = loaded.job, .job_text = loaded.text});
  if (surveyed.has_error()) return surveyed.error();
  Result<void> agreed = without_asking(loaded.job, send)(*surveyed, std::nullopt);
  if (agreed.has_value()) return agreed;
  return Error{agreed.error().kind, agreed.error().message,
               "Give the job \"stages\", or \"stages\": \"none\" to reach them at once at each tick."};
}

}  // namespace sluice
