// SPDX-License-Identifier: MIT
#include "app/prepared_job.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <utility>
#include <variant>

#include "app/operator_name.hpp"
#include "app/say.hpp"
#include "app/system_now.hpp"
#include "sluice/engine/schedule_control.hpp"
#include "sluice/jobfile/job_file.hpp"

namespace sluice {
namespace {

std::string beside(const std::string& job_file, const std::string& named) {
  const std::filesystem::path path{named};
  if (path.is_absolute()) return named;
  return (std::filesystem::path{job_file}.parent_path() / path).string();
}

Result<DeviceSource> device_source(const SendOptions& options, const Job& job) {
  const std::string column = options.column.empty() ? job.targets.column : options.column;
  // The job's column belongs to the job's own list; a column given here says that the input has any.
  if (options.devices_file == "-")
    return DeviceSource{.path = options.devices_file, .column = options.column};
  if (!options.devices_file.empty()) return DeviceSource{.path = options.devices_file, .column = column};
  if (!job.targets.devices_file.empty())
    return DeviceSource{.path = beside(options.job_file, job.targets.devices_file), .column = column};
  if (names_devices(options, job)) return DeviceSource{.names = job.targets.devices};
  return Error{ErrorKind::invalid_input, options.job_file + ": targets: the job names no devices",
               "Add \"targets\" to the job file, or give a list with --devices FILE."};
}

Result<std::shared_ptr<const DeviceSet>> read_set(const std::string& path) {
  if (path.empty()) return std::shared_ptr<const DeviceSet>();
  Result<DeviceSet> set = DeviceSet::read({.path = path});
  if (set.has_error()) return set.error();
  return std::make_shared<const DeviceSet>(std::move(*set));
}

Result<JobAndText> with_rules(JobAndText loaded, const SendOptions& options) {
  Result<TargetRules> rules = read_target_rules(options.job_file, loaded.text, options.settings);
  if (rules.has_error()) return rules.error();
  loaded.rules = std::move(*rules);
  return loaded;
}

Result<PreparedJob> with_tenant(JobAndText loaded, const SendOptions& send, Config config,
                                const Environment& environment) {
  Result<TenantSetup> setup = tenant_setup(send, environment, config, loaded.job);
  if (setup.has_error()) return setup.error();
  return PreparedJob{std::move(loaded.job), std::move(loaded.text), std::move(loaded.rules),
                     std::move(config), std::move(*setup)};
}

}  // namespace

Result<JobAndText> load_job(const SendOptions& options) {
  JobAndText loaded;
  Result<Job> job = read_job_file(options.job_file, &loaded.text);
  if (job.has_error()) return job.error();
  loaded.job = std::move(*job);
  return with_rules(std::move(loaded), options);
}

Result<JobAndText> job_from(std::string text, const SendOptions& options) {
  Result<Job> job = read_job(options.job_file, text);
  if (job.has_error()) return job.error();
  return with_rules({.job = std::move(*job), .text = std::move(text), .rules = {}}, options);
}

bool names_devices(const SendOptions& options, const Job& job) {
  return !options.devices_file.empty() || !job.targets.devices_file.empty() || !job.targets.devices.empty();
}

Result<TargetList> open_targets(const SendOptions& options, const Job& job, const TargetRules& rules,
                                TargetLimits limits) {
  Result<DeviceSource> list = device_source(options, job);
  if (list.has_error()) return list.error();
  const std::string& exclude_file = job.targets.exclude_file;
  auto excluded = read_set(exclude_file.empty() ? "" : beside(options.job_file, exclude_file));
  if (excluded.has_error()) return excluded.error();
  return TargetList::open({.list = std::move(*list),
                           .rules = rules,
                           .excluded = std::move(*excluded),
                           .denied = std::move(limits.denied),
                           .taken = std::move(limits.taken)});
}

Result<std::shared_ptr<const DeviceSet>> denied_devices(const TenantSetup& setup) {
  return read_set(setup.deny_file);
}

void warn_of_schedule(const CommonOptions& common, const Job& job, UtcTime now) {
  if (common.is_quiet || !job.schedule) return;
  const Timetable timetable{.expression = std::get<CronExpression>(parse_cron(job.schedule->cron)),
                            .zone = job.schedule->zone,
                            .anchor = now};
  for (const std::string& warning : schedule_warnings(*job.schedule, timetable, now))
    say(fmt::format("Warning: schedule: {}.\n", warning));
}

SubmitRequest submit_request(const PreparedJob& prepared, const SendOptions& send) {
  return {.job = prepared.job,
          .job_text = prepared.text,
          .tenant = prepared.setup.name,
          .endpoint = to_string(prepared.setup.endpoint),
          .rate = prepared.setup.rate,
          .now = system_now(),
          .expected_devices = send.expected_devices,
          .submitter = operator_name()};
}

Result<std::optional<RunForecast>> foresee(const Survey& survey, const Job& job, const TenantSetup& setup,
                                           UtcTime start) {
  Result<RunForecast> foreseen = forecast(job, setup, planned_stages(job, survey), start);
  if (foreseen.has_error()) return foreseen.error();
  if (foreseen->time.is_endless) return std::optional<RunForecast>{};
  return std::optional<RunForecast>{std::move(*foreseen)};
}

void warn_of(const CommonOptions& common, const std::optional<RunForecast>& forecast) {
  if (common.is_quiet || !forecast) return;
  if (const std::string warning = deadline_warning(*forecast); !warning.empty())
    say(fmt::format("Warning: {}.\n", warning));
}

Result<PreparedJob> prepare_job_text(std::string text, const SendOptions& send, const Config& config,
                                     const Environment& environment) {
  Result<JobAndText> loaded = job_from(std::move(text), send);
  if (loaded.has_error()) return loaded.error();
  return with_tenant(std::move(*loaded), send, config, environment);
}

Result<PreparedJob> prepare_job(const CommonOptions& common, const SendOptions& send,
                                const Environment& environment) {
  Result<JobAndText> loaded = load_job(send);
  if (loaded.has_error()) return loaded.error();
  Result<Config> config = load_config(common, environment);
  if (config.has_error()) return config.error();
  return with_tenant(std::move(*loaded), send, std::move(*config), environment);
}

}  // namespace sluice
