// SPDX-License-Identifier: MIT
#include "app/prepared_job.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "app/say.hpp"
#include "sluice/jobfile/job_file.hpp"

namespace sluice {
namespace {

std::string beside(const std::string& job_file, const std::string& named) {
  const std::filesystem::path path{named};
  if (path.is_absolute()) return named;
  return (std::filesystem::path{job_file}.parent_path() / path).string();
}

/// Whether it is still there after it was read. What is no file at all is told by whoever opens it.
bool can_be_read_again(const SendOptions& options, const Job& job) {
  std::string file = options.devices_file;
  if (file.empty() && !job.targets.devices_file.empty())
    file = beside(options.job_file, job.targets.devices_file);
  std::error_code unknown;
  return file.empty() || std::filesystem::is_regular_file(file, unknown);
}

Result<std::int64_t> count_devices(const SendOptions& options, const Job& job) {
  Result<DeviceList> devices = open_devices(options, job);
  if (devices.has_error()) return devices.error();
  std::string names;
  while (true) {
    names.clear();
    const Result<std::size_t> count = devices->read(devices_per_request_max, names);
    if (count.has_error()) return count.error();
    if (*count == 0) return static_cast<std::int64_t>(devices->devices());
  }
}

}  // namespace

Result<JobAndText> load_job(const SendOptions& options) {
  JobAndText loaded;
  Result<Job> job = read_job_file(options.job_file, &loaded.text);
  if (job.has_error()) return job.error();
  loaded.job = std::move(*job);
  return loaded;
}

bool names_devices(const SendOptions& options, const Job& job) {
  return !options.devices_file.empty() || !job.targets.devices_file.empty() || !job.targets.devices.empty();
}

Result<DeviceList> open_devices(const SendOptions& options, const Job& job) {
  const std::string column = options.column.empty() ? job.targets.column : options.column;
  if (options.devices_file == "-") {
    // The job's column belongs to the job's own list; a column given here says that the input has any.
    return DeviceList::open({.names = {}, .path = options.devices_file, .column = options.column});
  }
  if (!options.devices_file.empty()) {
    return DeviceList::open({.names = {}, .path = options.devices_file, .column = column});
  }
  if (!job.targets.devices_file.empty()) {
    return DeviceList::open(
        {.names = {}, .path = beside(options.job_file, job.targets.devices_file), .column = column});
  }
  if (!names_devices(options, job)) {
    return Error{ErrorKind::invalid_input, options.job_file + ": targets: the job names no devices",
                 "Add \"targets\" to the job file, or give a list with --devices FILE."};
  }
  return DeviceList::open({.names = job.targets.devices, .path = {}, .column = {}});
}

Result<std::optional<RunForecast>> foresee(const SendOptions& options, const Job& job,
                                           const TenantSetup& setup, UtcTime start) {
  if (!can_be_read_again(options, job)) return std::optional<RunForecast>{};
  const Result<std::int64_t> devices = count_devices(options, job);
  if (devices.has_error()) return devices.error();
  Result<RunForecast> foreseen = forecast(job, setup, planned_stages(job, *devices), start);
  if (foreseen.has_error()) return foreseen.error();
  if (foreseen->time.is_endless) return std::optional<RunForecast>{};
  return std::optional<RunForecast>{std::move(*foreseen)};
}

void warn_of(const CommonOptions& common, const std::optional<RunForecast>& forecast) {
  if (common.is_quiet || !forecast) return;
  if (const std::string warning = deadline_warning(*forecast); !warning.empty())
    say(fmt::format("Warning: {}.\n", warning));
}

Result<PreparedJob> prepare_job(const CommonOptions& common, const SendOptions& send,
                                const Environment& environment) {
  Result<JobAndText> loaded = load_job(send);
  if (loaded.has_error()) return loaded.error();
  Result<Config> config = load_config(common, environment);
  if (config.has_error()) return config.error();
  Result<TenantSetup> setup = tenant_setup(send, environment, *config, loaded->job);
  if (setup.has_error()) return setup.error();
  return PreparedJob{std::move(loaded->job), std::move(loaded->text), std::move(*config), std::move(*setup)};
}

}  // namespace sluice
