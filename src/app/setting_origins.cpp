// SPDX-License-Identifier: MIT
#include "app/setting_origins.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <chrono>
#include <optional>
#include <string_view>

#include "app/display_text.hpp"

namespace sluice {
namespace {

/// A setting of a tenant: its key (within "timeouts" after a dot), the variable that wins over it, and what
/// it came to.
struct TenantRow {
  std::string_view key;
  const char* variable;  ///< null: none
  std::string (*value)(const TenantSetup&);
};

std::string limit_text(const std::optional<std::int64_t>& limit) {
  return limit ? fmt::format("{}", *limit) : std::string{};
}

/// As the file has it, in days where they are whole ones.
std::string keeping_text(std::chrono::seconds time) {
  const auto days = std::chrono::floor<std::chrono::days>(time);
  return days == time ? fmt::format("{}d", days.count()) : fmt::format("{}s", time.count());
}

std::string milliseconds_text(std::chrono::milliseconds time) { return fmt::format("{}ms", time.count()); }

constexpr std::array<TenantRow, 17> tenant_rows{{
    {"rate", "SLUICE_RATE", [](const TenantSetup& setup) { return rate_text(setup.rate); }},
    {"leave_to_others", nullptr, [](const TenantSetup& setup) { return rate_text(setup.leave_to_others); }},
    {"in_flight", "SLUICE_IN_FLIGHT",
     [](const TenantSetup& setup) { return fmt::format("{}", setup.in_flight); }},
    {"credentials_file", "SLUICE_CREDENTIALS",
     [](const TenantSetup& setup) { return setup.credentials_file; }},
    {"profile", nullptr, [](const TenantSetup& setup) { return setup.profile; }},
    {"ca_file", "SLUICE_CA_FILE", [](const TenantSetup& setup) { return setup.https.ca_file; }},
    {"deny_file", nullptr, [](const TenantSetup& setup) { return setup.deny_file; }},
    {"devices_per_run_max", nullptr,
     [](const TenantSetup& setup) { return limit_text(setup.limits.devices_per_run_max); }},
    {"devices_per_day_max", nullptr,
     [](const TenantSetup& setup) { return limit_text(setup.limits.devices_per_day_max); }},
    {"action", nullptr, [](const TenantSetup& setup) { return setup.dialect.action; }},
    {"version", nullptr, [](const TenantSetup& setup) { return setup.dialect.version; }},
    {"format", nullptr, [](const TenantSetup& setup) { return setup.dialect.format; }},
    {"codes", nullptr,
     [](const TenantSetup& setup) { return fmt::format("{}", setup.dialect.extra_codes.size()); }},
    {"timeouts.connect", nullptr,
     [](const TenantSetup& setup) { return milliseconds_text(setup.https.connect_timeout); }},
    {"timeouts.tls", nullptr,
     [](const TenantSetup& setup) { return milliseconds_text(setup.https.tls_timeout); }},
    {"timeouts.exchange", nullptr,
     [](const TenantSetup& setup) { return milliseconds_text(setup.https.exchange_timeout); }},
    {"timeouts.idle", nullptr,
     [](const TenantSetup& setup) { return milliseconds_text(setup.https.idle_timeout); }},
}};

/// "keep.runs_for" within the value; null: it is not there.
const JsonValue* find_below(const JsonValue& value, std::string_view path) {
  const std::size_t dot = path.find('.');
  const JsonValue* member = value.find(path.substr(0, dot));
  if (member == nullptr || dot == path.npos) return member;
  return find_below(*member, path.substr(dot + 1));
}

std::string in_file_or_default(const JsonValue& value, std::string_view path) {
  return find_below(value, path) != nullptr ? "file" : "default";
}

const JsonValue& section_of(const std::string& tenant, const JsonValue& file) {
  static const JsonValue nothing;
  const JsonValue* tenants = file.find("tenants");
  const JsonValue* section = tenants == nullptr ? nullptr : tenants->find(tenant);
  return section == nullptr ? nothing : *section;
}

// The cloud's own variables come after the file, unlike ours.
std::string endpoint_origin(const Environment& environment, const JsonValue& section) {
  if (environment("SLUICE_ENDPOINT")) return "SLUICE_ENDPOINT";
  if (section.find("endpoint") != nullptr || section.find("region") != nullptr) return "file";
  return environment("ALIBABA_CLOUD_ENDPOINT") ? "ALIBABA_CLOUD_ENDPOINT" : "ALIBABA_CLOUD_REGION_ID";
}

std::string listens_at(const ApiConfig& api) {
  std::string text;
  for (const ApiConfig::Listen& listen : api.listen) {
    const bool is_v6 = listen.address.find(':') != std::string::npos;
    text += fmt::format("{}{}:{}", text.empty() ? "" : ", ",
                        is_v6 ? fmt::format("[{}]", listen.address) : listen.address, listen.port);
  }
  return text;
}

std::string_view word_of(LogFormat format) {
  if (format == LogFormat::fitting) return "auto";
  return format == LogFormat::json ? "json" : "logfmt";
}

std::string first_source(const std::string& option, const char* option_name, const Environment& environment,
                         const char* variable, std::string otherwise) {
  if (!option.empty()) return option_name;
  return environment(variable) ? variable : std::move(otherwise);
}

}  // namespace

std::vector<SettingOrigin> common_origins(const CommonOptions& common, const Environment& environment,
                                          const Config& config, const JsonValue& file) {
  std::vector<SettingOrigin> origins;
  const auto add = [&](std::string name, std::string value, std::string origin) {
    origins.push_back({{}, std::move(name), std::move(value), std::move(origin)});
  };
  const auto add_of_file = [&](const char* name, std::string value) {
    add(name, std::move(value), in_file_or_default(file, name));
  };
  add("config", config.file,
      first_source(common.config, "--config", environment, "SLUICE_CONFIG", "default"));
  add("store", store_path(common, environment, config),
      first_source(common.store, "--store", environment, "SLUICE_STORE", in_file_or_default(file, "store")));
  add("default_tenant", environment("SLUICE_TENANT").value_or(config.default_tenant),
      first_source({}, "", environment, "SLUICE_TENANT", in_file_or_default(file, "default_tenant")));
  add_of_file("jobs_folder", config.jobs_folder);
  add_of_file("api.listen", listens_at(config.api));
  add_of_file("api.hosts", fmt::format("{}", fmt::join(config.api.hosts, ", ")));
  add_of_file("api.tls.certificate", config.api.certificate);
  add_of_file("api.tls.key", config.api.key);
  add_of_file("api.tokens_file", config.api.tokens_file);
  add_of_file("api.anonymous", config.api.anonymous_reads ? "read" : "");
  add_of_file("api.upload_bytes_max", fmt::format("{}", config.api.upload_bytes_max));
  add_of_file("log.format", std::string{word_of(config.log.format)});
  add_of_file("log.level", std::string{to_string(config.log.level)});
  add_of_file("keep.runs_for", keeping_text(config.keep.runs_for));
  add_of_file("keep.bytes_max", limit_text(config.keep.bytes_max));
  return origins;
}

std::vector<SettingOrigin> tenant_origins(const TenantSetup& setup, const Environment& environment,
                                          const JsonValue& file) {
  const JsonValue& section = section_of(setup.name, file);
  std::vector<SettingOrigin> origins;
  origins.push_back(
      {setup.name, "endpoint", to_string(setup.endpoint), endpoint_origin(environment, section)});
  for (const TenantRow& row : tenant_rows) {
    const bool is_of_environment = row.variable != nullptr && environment(row.variable).has_value();
    origins.push_back({setup.name, std::string{row.key}, row.value(setup),
                       is_of_environment ? row.variable : in_file_or_default(section, row.key)});
  }
  return origins;
}

}  // namespace sluice
