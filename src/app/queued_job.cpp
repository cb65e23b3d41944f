// SPDX-License-Identifier: MIT
#include "app/queued_job.hpp"

#include <fmt/format.h>

#include <utility>

#include "app/confirmation.hpp"
#include "app/display_text.hpp"
#include "app/planned_run.hpp"
#include "sluice/engine/conflicts.hpp"
#include "sluice/engine/tenant_limits.hpp"

namespace sluice {

Agreement without_asking(const Job& job, const SendOptions& send) {
  return [&job, &send](const Survey& survey, const std::optional<RunForecast>&) -> Result<void> {
    const std::int64_t devices = survey.counts.devices;
    if (!needs_confirmation(job, send, devices)) return {};
    return Error{
        ErrorKind::refused,
        fmt::format("the run would reach {} at once, and nobody has said that it should",
                    counted(devices, "device")),
        fmt::format("Give the job \"stages\", or \"stages\": \"none\" to reach them at once; or say how "
                    "many there are: --expect-devices {} (in a request: \"expect_devices\": {}).",
                    devices, devices)};
  };
}

Result<SurveyedJob> survey_job(StoreReader& store, const PreparedJob& prepared, const SendOptions& send,
                               const SubmitRequest& request, const Agreement& agreement) {
  auto denied = denied_devices(prepared.setup);
  if (denied.has_error()) return denied.error();
  auto taken = devices_taken_from(store, prepared.setup.name, prepared.job);
  if (taken.has_error()) return taken.error();
  Result<TargetList> targets =
      open_targets(send, prepared.job, prepared.rules, {std::move(*denied), std::move(*taken)});
  if (targets.has_error()) return targets.error();
  Result<Survey> surveyed = survey(*targets, request);
  if (surveyed.has_error()) return surveyed.error();
  const Result<void> sound = check_stages(send.job_file, prepared.job, *surveyed);
  if (sound.has_error()) return sound.error();
  auto foreseen = foresee(*surveyed, prepared.job, prepared.setup, request.now);
  if (foreseen.has_error()) return foreseen.error();
  const Result<void> within =
      check_limits(store, prepared.setup.name, prepared.setup.limits, surveyed->counts.devices, request.now);
  if (within.has_error()) return within.error();
  const Result<void> agreed = agreement(*surveyed, *foreseen);
  if (agreed.has_error()) return agreed.error();
  return SurveyedJob{std::move(*targets), std::move(*surveyed), std::move(*foreseen)};
}

Result<Submitted> queue_job(Store& store, const PreparedJob& prepared, const SendOptions& send,
                            SubmitRequest request, const Agreement& agreement) {
  Result<SurveyedJob> surveyed = survey_job(store, prepared, send, request, agreement);
  if (surveyed.has_error()) return surveyed.error();
  request.predicted = predicted_of(surveyed->forecast);
  return submit(store, surveyed->targets, request, surveyed->survey);
}

}  // namespace sluice
