// SPDX-License-Identifier: MIT
// The verbs that look ahead and send nothing: validate and plan.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <utility>

#include "app/commands.hpp"
#include "app/display_text.hpp"
#include "app/exit_codes.hpp"
#include "app/foreground_run.hpp"
#include "app/json_text.hpp"
#include "app/plan_report.hpp"
#include "app/prepared_job.hpp"
#include "app/run_report.hpp"
#include "app/system_now.hpp"
#include "sluice/dialect/signature.hpp"
#include "sluice/engine/submit.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

/// Without a key at hand, one of the usual length stands in where only its length matters.
Credentials usual_key() {
  return {.access_key_id = "LTAIxxxxxxxxxxxxxxxxxxxx", .access_key_secret = {}, .security_token = {}};
}

/// The encoded size of a chunk's names, each followed by '\n'. Names hold three characters that are encoded
/// at all.
std::size_t names_encoded_size(std::string_view names, std::size_t count) {
  const auto escaped = std::ranges::count_if(names, [](char c) { return c == '@' || c == ':'; });
  return names.size() - count + 2 * static_cast<std::size_t>(escaped);
}

struct ListFacts {
  std::int64_t devices = 0;
  std::int64_t duplicates = 0;
  std::int64_t chunks = 0;
  std::size_t largest_request_bytes = 0;
};

Result<ListFacts> read_through(DeviceList& devices, const Job& job, const InvokeThingsDialect& dialect,
                               const Credentials& key) {
  ListFacts facts;
  std::string names;
  while (true) {
    names.clear();
    const Result<std::size_t> count = devices.read(job.chunk_size, names);
    if (count.has_error()) return count.error();
    if (*count == 0) break;
    ++facts.chunks;
    const std::size_t bytes =
        body_size_bound(dialect, job.call, *count, names_encoded_size(names, *count), key);
    facts.largest_request_bytes = std::max(facts.largest_request_bytes, bytes);
  }
  facts.devices = static_cast<std::int64_t>(devices.devices());
  facts.duplicates = static_cast<std::int64_t>(devices.duplicates());
  return facts;
}

/// The run that was planned: with every option that the plan was made with.
std::string planned_run_command(const CommonOptions& common, const SendOptions& send) {
  std::string command = "sluice run" + option_text("", send.job_file);
  command += option_text("--devices", send.devices_file) + option_text("--column", send.column);
  if (send.expected_devices) command += fmt::format(" --expect-devices {}", *send.expected_devices);
  command += option_text("--endpoint", send.endpoint) + option_text("--tenant", send.tenant);
  if (send.rate) command += fmt::format(" --rate {}", *send.rate);
  return command + again_options(common, send);
}

}  // namespace

ExitCode validate_command(const CommonOptions& common, const SendOptions& send) {
  const Result<JobAndText> loaded = load_job(send);
  if (loaded.has_error()) return loaded.error();
  ListFacts facts;
  if (names_devices(send, loaded->job)) {
    Result<DeviceList> devices = open_devices(send, loaded->job);
    if (devices.has_error()) return devices.error();
    const Result<ListFacts> read = read_through(*devices, loaded->job, {}, usual_key());
    if (read.has_error()) return read.error();
    facts = *read;
  }
  if (common.wants_json()) {
    JsonText json;
    json.begin_object().member("schema_version", json_schema_version).member("valid", true);
    json.member("job", loaded->job.name)
        .member("devices", facts.devices)
        .member("duplicates", facts.duplicates);
    fmt::print("{}", json.end_object().end_document().text());
  } else {
    fmt::print("{}: valid, {}\n", printable(send.job_file), counted(facts.devices, "device"));
  }
  return exit_codes::all_accepted;
}

ExitCode plan_command(const CommonOptions& common, const SendOptions& send) {
  const Environment environment = process_environment();
  Result<PreparedJob> prepared = prepare_job(common, send, environment);
  if (prepared.has_error()) return prepared.error();
  Result<DeviceList> devices = open_devices(send, prepared->job);
  if (devices.has_error()) return devices.error();
  const Result<FoundCredentials> found = credentials_for(prepared->setup, environment);
  const Credentials key = found.has_value() ? found->credentials : usual_key();

  const TenantSetup& setup = prepared->setup;
  const Result<ListFacts> facts = read_through(*devices, prepared->job, setup.dialect, key);
  if (facts.has_error()) return facts.error();
  if (send.expected_devices && *send.expected_devices != facts->devices) {
    return unexpected_device_count(facts->devices, *send.expected_devices);
  }
  const Result<RunForecast> foreseen =
      forecast(prepared->job, setup, planned_stages(prepared->job, facts->devices),
               send.start.value_or(system_now()));
  if (foreseen.has_error()) return foreseen.error();
  const Plan plan{.job_name = prepared->job.name,
                  .tenant = setup.name,
                  .endpoint = to_string(setup.endpoint),
                  .devices = facts->devices,
                  .duplicates = facts->duplicates,
                  .chunks = facts->chunks,
                  .chunk_size = static_cast<std::int64_t>(prepared->job.chunk_size),
                  .largest_request_bytes = static_cast<std::int64_t>(facts->largest_request_bytes),
                  .rate = setup.rate,
                  .account_limit = setup.account_rate,
                  .in_flight = setup.in_flight,
                  .safe_to_repeat = prepared->job.safe_to_repeat,
                  .on_doubt = prepared->job.on_doubt,
                  .forecast = *foreseen,
                  .next_command = planned_run_command(common, send)};
  fmt::print("{}", common.wants_json() ? plan_json(plan) : plan_text(plan));
  return exit_codes::all_accepted;
}

}  // namespace sluice
