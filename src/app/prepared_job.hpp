// SPDX-License-Identifier: MIT
// What the verbs that take a job file have in common: the job, how its tenant is served, and its devices.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/options.hpp"
#include "app/run_forecast.hpp"
#include "app/settings.hpp"
#include "sluice/core/job.hpp"
#include "sluice/core/result.hpp"
#include "sluice/engine/submit.hpp"
#include "sluice/jobfile/device_set.hpp"
#include "sluice/jobfile/target_list.hpp"
#include "sluice/jobfile/target_rules.hpp"

namespace sluice {

struct JobAndText {
  Job job;
  std::string text;
  TargetRules rules;
};

/// With what --set says. Fails with all errors of the file, or (usage) of the settings.
Result<JobAndText> load_job(const SendOptions& options);
/// The same for a text that did not come from the file that options.job_file names, or not just now: its
/// folder is where the paths in the text begin.
Result<JobAndText> job_from(std::string text, const SendOptions& options);

/// Whether there is a list at all: by --devices, or in the job file.
bool names_devices(const SendOptions& options, const Job& job);

/// What others have to say about a job's devices; null: nothing.
struct TargetLimits {
  std::shared_ptr<const DeviceSet> denied;
  std::shared_ptr<const TakenDevices> taken;
};

/// --devices over the job file's list; a relative name in the job file is relative to that file.
/// Fails (invalid_input) when neither names any, and with the errors of a list of excluded devices.
Result<TargetList> open_targets(const SendOptions& options, const Job& job, const TargetRules& rules,
                                TargetLimits limits);

/// The devices that no run of the tenant may send to; null: the configuration names no list of them.
Result<std::shared_ptr<const DeviceSet>> denied_devices(const TenantSetup& setup);

/// How long what was surveyed takes. Absent: the time is beyond all planning. Fails as forecast() does.
Result<std::optional<RunForecast>> foresee(const Survey& survey, const Job& job, const TenantSetup& setup,
                                           UtcTime start);

/// Says on stderr what the forecast warns of.
void warn_of(const CommonOptions& common, const std::optional<RunForecast>& forecast);

/// Says on stderr what the job's schedule, if it has one, warns of.
void warn_of_schedule(const CommonOptions& common, const Job& job, UtcTime now);

struct PreparedJob {
  Job job;
  std::string text;
  TargetRules rules;
  Config config;
  TenantSetup setup;
};

/// What is surveyed and submitted: now, by the user of this process.
SubmitRequest submit_request(const PreparedJob& prepared, const SendOptions& send);

Result<PreparedJob> prepare_job_text(std::string text, const SendOptions& send, const Config& config,
                                     const Environment& environment);
Result<PreparedJob> prepare_job(const CommonOptions& common, const SendOptions& send,
                                const Environment& environment);

}  // namespace sluice
