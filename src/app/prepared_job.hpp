// SPDX-License-Identifier: MIT
// What the verbs that take a job file have in common: the job, how its tenant is served, and its devices.
#pragma once

#include <optional>
#include <string>

#include "app/options.hpp"
#include "app/run_forecast.hpp"
#include "app/settings.hpp"
#include "sluice/core/job.hpp"
#include "sluice/core/result.hpp"
#include "sluice/jobfile/device_list.hpp"

namespace sluice {

struct JobAndText {
  Job job;
  std::string text;
};

Result<JobAndText> load_job(const SendOptions& options);

/// Whether there is a list at all: by --devices, or in the job file.
bool names_devices(const SendOptions& options, const Job& job);

/// --devices over the job file's list; a relative name in the job file is relative to that file.
/// Fails (invalid_input) when neither names any.
Result<DeviceList> open_devices(const SendOptions& options, const Job& job);

/// Reads the list through once, before it is queued. Absent: it can be read only once, as standard input can,
/// or the time is beyond all planning. Fails with the list's own errors, and as forecast() does.
Result<std::optional<RunForecast>> foresee(const SendOptions& options, const Job& job,
                                           const TenantSetup& setup, UtcTime start);

/// Says on stderr what the forecast warns of.
void warn_of(const CommonOptions& common, const std::optional<RunForecast>& forecast);

struct PreparedJob {
  Job job;
  std::string text;
  Config config;
  TenantSetup setup;
};

Result<PreparedJob> prepare_job(const CommonOptions& common, const SendOptions& send,
                                const Environment& environment);

}  // namespace sluice
