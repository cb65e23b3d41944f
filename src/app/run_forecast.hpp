// SPDX-License-Identifier: MIT
// What is foreseen of a run before it begins: its stages, how long each takes, and whether that fits into its
// window and before its deadline.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/settings.hpp"
#include "sluice/core/job.hpp"
#include "sluice/core/plan_time.hpp"
#include "sluice/core/result.hpp"
#include "sluice/core/time.hpp"
#include "sluice/engine/survey.hpp"

namespace sluice {

struct RunForecast {
  UtcTime start;
  std::vector<PlannedStage> stages;
  PlanTime time;
  std::optional<SendWindow> window;
  std::optional<UtcTime> deadline;
  std::optional<double> devices_per_minute;

  UtcTime first_send() const;
  UtcTime end() const { return start + time.total; }
  /// From the first request to the last answer, which is what a run's own record measures.
  std::chrono::microseconds under_way() const { return end() - first_send(); }
};

/// The job's stages as they were surveyed, or all of it as one.
std::vector<PlannedStage> planned_stages(const Job& job, const Survey& survey);

/// Fails: `invalid_input` if nothing could ever be sent, because the window does not open, or not before the
/// deadline.
Result<RunForecast> forecast(const Job& job, const TenantSetup& setup, std::vector<PlannedStage> stages,
                             UtcTime start);

/// What a run's record keeps of it.
std::optional<std::chrono::microseconds> predicted_of(const std::optional<RunForecast>& forecast);

/// One sentence; empty if the deadline is later than the end, or there is none.
std::string deadline_warning(const RunForecast& forecast);

/// "01:00-05:00, 22:00-23:00 in Asia/Shanghai", fit for a terminal.
std::string window_text(const SendWindow& window);

/// How long a plan's time is, whatever its length: "1h30m", "412d03h".
std::string long_duration_text(std::chrono::microseconds time);

}  // namespace sluice
