// SPDX-License-Identifier: MIT
#include "app/planned_run.hpp"

#include <fmt/format.h>

#include <vector>

#include "app/gate_text.hpp"
#include "app/outside_checks.hpp"
#include "sluice/core/stop_rules.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

std::vector<std::int64_t> sizes_of(const Survey& survey) {
  std::vector<std::int64_t> sizes;
  for (const StageSurvey& stage : survey.stages) sizes.push_back(stage.devices);
  if (sizes.empty()) sizes.push_back(survey.counts.devices);
  return sizes;
}

/// What stops the run, as sentences: "canary: pauses when the 2nd of 20 devices fails or is in doubt".
std::vector<std::string> stops_of(const Job& job, const Survey& survey) {
  std::vector<std::string> stops;
  const std::int64_t run = survey.counts.devices;
  for (std::size_t i = 0; i < survey.stages.size(); ++i) {
    const StageSurvey& stage = survey.stages[i];
    if (stage.devices == 0) continue;
    const bool is_last = i + 1 == survey.stages.size();
    for (const std::string& term : gate_sentences(job.rollout.stages[i].gate, stage.devices, run, is_last))
      stops.push_back(stage.name + ": " + term);
  }
  for (const std::string& rule : sentences(job.rollout.abort, run, run)) stops.push_back("run: " + rule);
  return stops;
}

}  // namespace

Plan plan_of(const PreparedJob& prepared, const Survey& survey, const RunForecast& forecast) {
  const TenantSetup& setup = prepared.setup;
  return {.job_name = prepared.job.name,
          .tenant = setup.name,
          .endpoint = to_string(setup.endpoint),
          .devices = survey.counts.devices,
          .duplicates = survey.counts.duplicates,
          .left_out = survey.counts,
          .groups = survey.groups,
          .chunks = survey.chunks,
          .chunk_size = static_cast<std::int64_t>(prepared.job.chunk_size),
          .rate = setup.rate,
          .account_limit = setup.account_rate,
          .in_flight = setup.in_flight,
          .safe_to_repeat = prepared.job.safe_to_repeat,
          .on_doubt = prepared.job.on_doubt,
          .stops = stops_of(prepared.job, survey),
          .digest = survey.digest,
          .forecast = forecast};
}

Result<void> check_stages(const std::string& file, const Job& job, const Survey& survey) {
  std::vector<std::string> faults = impossible_samples(job.rollout, sizes_of(survey));
  for (std::size_t i = 0; i < job.rollout.stages.size(); ++i) {
    const std::optional<OutsideCheck>& check = job.rollout.stages[i].gate.check;
    if (!check) continue;
    const Result<void> askable = check_outside(*check);
    if (askable.has_error())
      faults.push_back(fmt::format("stages[{}].gate.check.url: {}", i, askable.error().message));
  }
  if (faults.empty()) return {};
  std::string message;
  for (const std::string& fault : faults)
    message += fmt::format("{}{}: {}", message.empty() ? "" : "\n", printable(file, 256), fault);
  return Error{ErrorKind::invalid_input, std::move(message), "Correct the job file; nothing was sent."};
}

}  // namespace sluice
