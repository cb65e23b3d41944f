// SPDX-License-Identifier: MIT
#include "app/posted_job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "http_api/body_reader.hpp"
#include "jobfile/utf8.hpp"
#include "sluice/jobfile/job_file.hpp"

namespace sluice {
namespace {

using Key = std::string_view;
constexpr std::array<Key, 9> body_names{"job",    "tenant", "devices", "device_list",   "exclude_list",
                                        "column", "set",    "rate",    "expect_devices"};
constexpr ObjectKeys body_keys{body_names, {}};

// How messages call the job's text: "job:3:5: call.args: …".
constexpr const char* name_of_job = "job";
constexpr std::size_t list_id_length = 32;
constexpr std::size_t column_bytes_max = 256;
constexpr std::size_t tenant_bytes_max = 256;
constexpr std::int64_t devices_max = 1'000'000'000'000;

bool is_any_text(std::string_view) { return true; }

bool is_list_id(std::string_view text) {
  return text.size() == list_id_length && text.find_first_not_of("0123456789abcdef") == text.npos;
}

bool is_column(std::string_view text) {
  return !text.empty() && text.size() <= column_bytes_max && is_readable(text);
}

bool is_tenant(std::string_view text) {
  return !text.empty() && text.size() <= tenant_bytes_max && is_readable(text);
}

std::vector<std::string> names_in(const ObjectReader& reader) {
  std::vector<std::string> names;
  const JsonValue* list = reader.of_kind("devices", JsonValue::Kind::array, "a list of device names");
  if (list == nullptr) return names;
  for (const JsonValue& name : list->elements) {
    if (name.kind != JsonValue::Kind::string) {
      reader.report(name, "devices", "expected a device name");
      continue;
    }
    names.push_back(name.string);
  }
  if (names.empty()) reader.report(*list, "devices", "has no names; expected one at least");
  return names;
}

/// {"version": "2.15.0"}, as --set version=2.15.0.
std::vector<ParameterSetting> settings_in(const ObjectReader& reader) {
  std::vector<ParameterSetting> settings;
  const JsonValue* set = reader.of_kind("set", JsonValue::Kind::object, "an object of parameters");
  if (set == nullptr) return settings;
  for (const JsonValue::Member& member : set->members) {
    if (member.value.kind == JsonValue::Kind::string) {
      settings.push_back({member.name, member.value.string});
    } else {
      reader.report(member.value, "set", "expected each parameter's value as a string");
    }
  }
  return settings;
}

PostedJob read_posted(const ObjectReader& reader) {
  reader.require("job", "the job's text");
  PostedJob posted;
  posted.text = reader.text("job", is_any_text, "the job's text").value_or("");
  posted.devices = names_in(reader);
  posted.send.job_file = name_of_job;
  posted.send.devices_file =
      reader.text("device_list", is_list_id, "the id of an uploaded list: 32 digits 0-9a-f").value_or("");
  posted.exclude_file =
      reader.text("exclude_list", is_list_id, "the id of an uploaded list: 32 digits 0-9a-f").value_or("");
  posted.send.column = reader.text("column", is_column, "the name of a column").value_or("");
  posted.send.tenant = reader.text("tenant", is_tenant, "the name of a tenant").value_or("");
  posted.send.settings = settings_in(reader);
  posted.send.rate = reader.number("rate", rate_min, rate_max);
  posted.send.expected_devices = reader.whole_number("expect_devices", 1, devices_max);
  if (const JsonValue* list = reader.find("device_list");
      list != nullptr && reader.find("devices") != nullptr)
    reader.report(*list, "device_list", "excludes devices; give one of them");
  return posted;
}

Error names_a_file(std::string_view member, std::string_view instead) {
  return {ErrorKind::invalid_input,
          fmt::format("{}: targets.{}: a job that comes over the API cannot name files", name_of_job, member),
          std::string{instead}};
}

}  // namespace

Result<PostedJob> posted_job(const ApiRequest& request, const FindDeviceList& find_list) {
  Result<PostedJob> posted = read_body(request, body_keys, read_posted);
  if (posted.has_error()) return posted;
  for (std::string* list : {&posted->send.devices_file, &posted->exclude_file}) {
    if (list->empty()) continue;
    std::optional<std::string> file = find_list(*list);
    if (!file) {
      return Error{ErrorKind::not_found, fmt::format("there is no device list {}", *list),
                   "Upload it first: POST /api/v1/device-lists."};
    }
    *list = *std::move(file);
  }
  return posted;
}

Result<void> give_devices(Job& job, const PostedJob& posted) {
  if (!job.targets.exclude_file.empty() && posted.exclude_file.empty()) {
    return names_a_file(
        "exclude_file",
        "Upload that list and give its id as \"exclude_list\", or leave the excluded devices out "
        "of the list.");
  }
  job.targets.exclude_file = posted.exclude_file;
  const bool is_given = !posted.devices.empty() || !posted.send.devices_file.empty();
  if (!job.targets.devices_file.empty() && !is_given) {
    return names_a_file(
        "devices_file",
        "Give the names as \"devices\", or upload the list and give its id as \"device_list\".");
  }
  job.targets.devices_file.clear();
  if (!posted.devices.empty()) job.targets.devices = posted.devices;
  return {};
}

Result<void> check_commands(const Job& job, const ApiClient& client) {
  const bool runs_command = std::ranges::any_of(job.rollout.stages, [](const Stage& stage) {
    return stage.gate.check && !stage.gate.check->command.empty();
  });
  if (!runs_command || client.scope >= ApiScope::admin) return {};
  return Error{ErrorKind::refused, "a gate of the job runs a command, which takes scope admin",
               "Have the gate ask a URL instead, or somebody who may bring such a job."};
}

}  // namespace sluice
