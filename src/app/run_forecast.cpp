// SPDX-License-Identifier: MIT
#include "app/run_forecast.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "app/display_text.hpp"
#include "sluice/core/window_rules.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

PlannedPace pace_of(const Job& job, const TenantSetup& setup) {
  return {.requests_per_second = setup.rate,
          .in_flight_max = setup.in_flight,
          .devices_per_minute = job.devices_per_minute,
          .chunk_size = static_cast<std::int64_t>(job.chunk_size),
          .window = job.window};
}

Error never_open(const SendWindow& window) {
  return {ErrorKind::invalid_input,
          fmt::format("the window {} does not open within ten years", window_text(window)),
          "Give \"window\" a span in which something can be sent."};
}

Error open_too_late(const RunForecast& forecast) {
  return {ErrorKind::invalid_input,
          fmt::format("the window {} opens at {}, and the deadline is {}: nothing would be sent",
                      window_text(*forecast.window), to_iso_seconds(forecast.first_send()),
                      to_iso_seconds(*forecast.deadline)),
          "Give the job a later \"deadline\", or another \"window\"."};
}

}  // namespace

UtcTime RunForecast::first_send() const {
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (stages[i].chunks > 0) return start + time.stages[i].begins;
  }
  return start;
}

std::vector<PlannedStage> planned_stages(const Job& job, const Survey& survey) {
  if (survey.stages.empty())
    return {{.name = "all", .devices = survey.counts.devices, .chunks = survey.chunks}};
  std::vector<PlannedStage> planned;
  for (std::size_t i = 0; i < survey.stages.size(); ++i) {
    const StageSurvey& surveyed = survey.stages[i];
    const Stage& stage = job.rollout.stages[i];
    planned.push_back({.name = surveyed.name,
                       .devices = surveyed.devices,
                       .chunks = surveyed.chunks,
                       .soak = stage.soak,
                       .awaits_approval = stage.approval.has_value()});
  }
  return planned;
}

Result<RunForecast> forecast(const Job& job, const TenantSetup& setup, std::vector<PlannedStage> stages,
                             UtcTime start) {
  RunForecast foreseen{.start = start,
                       .stages = std::move(stages),
                       .time = {},
                       .window = job.window,
                       .deadline = {},
                       .devices_per_minute = job.devices_per_minute};
  if (job.deadline) foreseen.deadline = start + *job.deadline;
  if (job.window && !opens_from(*job.window, start)) return never_open(*job.window);
  foreseen.time = plan_time(foreseen.stages, pace_of(job, setup), start);
  if (foreseen.window && foreseen.deadline && foreseen.first_send() >= *foreseen.deadline)
    return open_too_late(foreseen);
  return foreseen;
}

std::optional<std::chrono::microseconds> predicted_of(const std::optional<RunForecast>& forecast) {
  if (!forecast) return std::nullopt;
  return forecast->under_way();
}

std::string deadline_warning(const RunForecast& forecast) {
  if (!forecast.deadline || (forecast.end() <= *forecast.deadline && !forecast.time.is_endless)) return {};
  return fmt::format(
      "the run would take until {} at least, and its deadline is {}: what is left then is not sent",
      to_iso_seconds(forecast.end()), to_iso_seconds(*forecast.deadline));
}

std::string window_text(const SendWindow& window) {
  std::vector<std::string> spans;
  for (const DailySpan& span : window.allow) spans.push_back(to_string(span));
  return fmt::format("{} in {}", fmt::join(spans, ", "), printable(window.zone, 64));
}

std::string long_duration_text(std::chrono::microseconds time) {
  constexpr std::chrono::hours day{24};
  if (time < 99 * day) return duration_text(time);
  return fmt::format("{}d{:02}h", time / day, time % day / std::chrono::hours{1});
}

}  // namespace sluice
