// SPDX-License-Identifier: MIT
#include "app/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>
#include <vector>

#include "jobfile/call_reader.hpp"
#include "jobfile/findings.hpp"
#include "jobfile/nearest_word.hpp"
#include "jobfile/object_reader.hpp"
#include "jobfile/regular_file.hpp"
#include "sluice/jobfile/device_name.hpp"
#include "sluice/jobfile/json_document.hpp"

namespace sluice {
namespace {

using Names = std::string_view;
constexpr std::array<Names, 8> root_names{
    "$schema", "default_tenant", "store", "tenants", "jobs_folder", "api", "log", "keep"};
constexpr std::array<Names, 2> keep_names{"runs_for", "bytes_max"};
constexpr std::array<Names, 16> tenant_names{"endpoint",
                                             "region",
                                             "rate",
                                             "in_flight",
                                             "action",
                                             "version",
                                             "format",
                                             "profile",
                                             "credentials_file",
                                             "ca_file",
                                             "timeouts",
                                             "codes",
                                             "deny_file",
                                             "leave_to_others",
                                             "devices_per_run_max",
                                             "devices_per_day_max"};
constexpr std::array<Names, 4> timeout_names{"connect", "tls", "exchange", "idle"};
constexpr ObjectKeys root_keys{root_names, {}};
constexpr ObjectKeys tenant_keys{tenant_names, {}};
constexpr ObjectKeys timeout_keys{timeout_names, {}};

// What a code can mean: everything but that there was no answer, and but success, which only Success says.
constexpr std::array<Names, 7> code_meanings{"throttled",        "unavailable",      "nonce_used",  "blocked",
                                             "rejected_devices", "answered_unclear", "rejected_job"};

constexpr std::string_view path_in_words =
    "the path of a file, absolute or from the configuration's folder (~ stands for nothing here)";

bool is_any_text(std::string_view) { return true; }

bool is_path(std::string_view text) {
  return !text.empty() && text.front() != '~' &&
         std::none_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; });
}

bool is_region(std::string_view text) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789-";
  return !text.empty() && text.size() <= 64 && text.find_first_not_of(allowed) == text.npos;
}

bool is_format(std::string_view text) { return text == "JSON" || text == "XML"; }

bool is_code_pattern(std::string_view text) {
  const std::size_t star = text.find('*');
  return is_token(text) && (star == text.npos || star + 1 == text.size());
}

std::string read_path(const ObjectReader& reader, std::string_view key) {
  const auto text = reader.text(key, is_path, path_in_words);
  if (!text) return {};
  const std::filesystem::path file{std::string{reader.findings().document().file()}};
  return (file.parent_path() / *text).lexically_normal().string();
}

void read_timeouts(const JsonValue& value, const std::string& path, Findings& findings, HttpsOptions& into) {
  const ObjectReader reader(value, path, timeout_keys, findings);
  into.connect_timeout = reader.duration("connect").value_or(into.connect_timeout);
  into.tls_timeout = reader.duration("tls").value_or(into.tls_timeout);
  into.exchange_timeout = reader.duration("exchange").value_or(into.exchange_timeout);
  into.idle_timeout = reader.duration("idle").value_or(into.idle_timeout);
}

std::string advice_for_meaning(std::string_view word) {
  const auto nearest = nearest_word(word, code_meanings);
  return fmt::format("\"{}\" is no outcome that a code can have; {}", printable(word, 60),
                     nearest ? fmt::format("did you mean \"{}\"?", *nearest)
                             : fmt::format("expected one of {}", fmt::join(code_meanings, ", ")));
}

std::vector<CodeRule> read_codes(const JsonValue& codes, const std::string& path, Findings& findings) {
  report_duplicates(codes, path, findings);
  std::vector<CodeRule> rules;
  for (const JsonValue::Member& member : codes.members) {
    const std::string field = field_path(path, member.name);
    if (!is_code_pattern(member.name)) {
      findings.add(
          member.name_begin, field,
          "not a code; expected a code such as \"iot.some.Code\", or its beginning and one * at the end");
    }
    const bool is_text = member.value.kind == JsonValue::Kind::string;
    const std::string_view word = member.value.string;
    if (is_text && std::find(code_meanings.begin(), code_meanings.end(), word) != code_meanings.end()) {
      rules.push_back({member.name, *outcome_kind_from(word)});
    } else {
      findings.add(member.value.begin, field,
                   is_text ? advice_for_meaning(word)
                           : fmt::format("{} where the name of an outcome belongs; expected one of {}",
                                         in_words(member.value.kind), fmt::join(code_meanings, ", ")));
    }
  }
  return rules;
}

// The endpoint as it is written, or the cloud's own for the region.
void read_endpoint(const ObjectReader& reader, bool has_region, TenantConfig& tenant) {
  const auto text =
      reader.text("endpoint", is_any_text, "an address such as \"https://iot.cn-shanghai.aliyuncs.com\"");
  if (!text) {
    if (has_region) tenant.endpoint = fmt::format("https://iot.{}.aliyuncs.com", tenant.dialect.region);
    return;
  }
  const auto endpoint = parse_endpoint(*text);
  if (!endpoint) {
    reader.report(*reader.find("endpoint"), "endpoint",
                  fmt::format("{}; {}", endpoint.error().message, endpoint.error().hint));
    return;
  }
  tenant.endpoint = to_string(*endpoint);
  tenant.dialect.target = endpoint->target;
}

void read_limits(const ObjectReader& reader, TenantConfig& tenant) {
  constexpr std::int64_t devices_max = 1'000'000'000'000;
  tenant.leave_to_others = reader.number("leave_to_others", 0, 100'000).value_or(0);
  if (tenant.leave_to_others >= tenant.rate) {
    reader.report(*reader.find("leave_to_others"), "leave_to_others",
                  fmt::format("{} requests a second are the whole rate of {}; expected less, so that "
                              "something can be sent",
                              tenant.leave_to_others, tenant.rate));
  }
  tenant.devices_per_run_max = reader.whole_number("devices_per_run_max", 1, devices_max);
  tenant.devices_per_day_max = reader.whole_number("devices_per_day_max", 1, devices_max);
}

TenantConfig read_tenant(const JsonValue::Member& member, Findings& findings) {
  const std::string path = field_path("tenants", member.name);
  const ObjectReader reader(member.value, path, tenant_keys, findings);
  TenantConfig tenant;
  tenant.name = member.name;
  InvokeThingsDialect& dialect = tenant.dialect;
  const auto region = reader.text("region", is_region, "a region such as \"cn-shanghai\"");
  dialect.region = region.value_or(dialect.region);
  read_endpoint(reader, region.has_value(), tenant);
  tenant.rate = reader.number("rate", 0.001, 100'000).value_or(tenant.rate);
  tenant.in_flight = static_cast<std::size_t>(reader.whole_number("in_flight", 1, in_flight_max)
                                                  .value_or(static_cast<std::int64_t>(tenant.in_flight)));
  tenant.https.connections_max = tenant.in_flight;
  dialect.action = reader.text("action", is_token, token_in_words).value_or(dialect.action);
  dialect.version = reader.text("version", is_token, token_in_words).value_or(dialect.version);
  dialect.format = reader.text("format", is_format, "\"JSON\" or \"XML\"").value_or(dialect.format);
  tenant.credentials_file = read_path(reader, "credentials_file");
  tenant.profile = reader.text("profile", is_token, token_in_words).value_or("");
  tenant.https.ca_file = read_path(reader, "ca_file");
  tenant.deny_file = read_path(reader, "deny_file");
  read_limits(reader, tenant);
  if (const auto* timeouts = reader.of_kind("timeouts", JsonValue::Kind::object, "an object of durations")) {
    read_timeouts(*timeouts, path + ".timeouts", findings, tenant.https);
  }
  if (const auto* codes =
          reader.of_kind("codes", JsonValue::Kind::object, "an object of codes and outcomes")) {
    dialect.extra_codes = read_codes(*codes, path + ".codes", findings);
  }
  return tenant;
}

std::map<std::string, TenantConfig> read_tenants(const JsonValue& value, Findings& findings) {
  report_duplicates(value, "tenants", findings);
  std::map<std::string, TenantConfig> tenants;
  for (const JsonValue::Member& member : value.members) {
    const std::string field = field_path("tenants", member.name);
    if (!is_token(member.name)) {
      findings.add(member.name_begin, field, fmt::format("not a tenant's name; expected {}", token_in_words));
    }
    if (member.value.kind == JsonValue::Kind::object) {
      tenants.emplace(member.name, read_tenant(member, findings));
    } else {
      findings.add(member.value.begin, field,
                   fmt::format("{} where a tenant belongs; expected an object", in_words(member.value.kind)));
    }
  }
  return tenants;
}

void check_default_tenant(const ObjectReader& reader, const Config& config) {
  if (config.default_tenant.empty() || config.tenants.contains(config.default_tenant)) return;
  const JsonValue* tenants = reader.find("tenants");
  if (tenants && tenants->find(config.default_tenant)) return;  // its own finding says what is wrong with it
  std::vector<std::string_view> names;
  for (const auto& [name, tenant] : config.tenants) names.push_back(name);
  const auto nearest = nearest_word(config.default_tenant, names);
  reader.report(*reader.find("default_tenant"), "default_tenant",
                fmt::format("there is no tenant \"{}\"; {}", printable(config.default_tenant, 60),
                            nearest ? fmt::format("did you mean \"{}\"?", printable(*nearest, 60))
                                    : "expected a name out of \"tenants\""));
}

KeepRules read_keep(const JsonValue& section, Findings& findings) {
  const ObjectReader reader(section, "keep", {keep_names, {}}, findings);
  KeepRules rules;
  const auto runs_for = reader.duration("runs_for");
  if (runs_for) rules.runs_for = std::chrono::duration_cast<std::chrono::seconds>(*runs_for);
  rules.bytes_max = reader.whole_number("bytes_max", 1, std::int64_t{1} << 50).value_or(rules.bytes_max);
  return rules;
}

Config read_root(const JsonValue& root, Findings& findings) {
  const ObjectReader reader(root, "", root_keys, findings);
  Config config;
  reader.text("$schema", is_any_text, "the address of a JSON Schema");
  config.default_tenant = reader.text("default_tenant", is_token, token_in_words).value_or("");
  config.store = read_path(reader, "store");
  config.jobs_folder = read_path(reader, "jobs_folder");
  if (const auto* api = reader.of_kind("api", JsonValue::Kind::object, "an object"))
    config.api = read_api_config(*api, findings);
  if (const auto* log = reader.of_kind("log", JsonValue::Kind::object, "an object"))
    config.log = read_log_config(*log, "log", findings);
  if (const auto* keep = reader.of_kind("keep", JsonValue::Kind::object, "an object"))
    config.keep = read_keep(*keep, findings);
  if (const auto* tenants = reader.of_kind("tenants", JsonValue::Kind::object, "an object of tenants")) {
    config.tenants = read_tenants(*tenants, findings);
  }
  check_default_tenant(reader, config);
  if (config.default_tenant.empty() && config.tenants.size() == 1) {
    config.default_tenant = config.tenants.begin()->first;
  }
  return config;
}

Error with_our_hint(Error error) {
  error.hint = "Correct these places of the configuration file.";
  return error;
}

}  // namespace

Result<Config> read_config(std::string file, std::string text) {
  const auto document = JsonDocument::parse(file, std::move(text));
  if (!document) return with_our_hint(document.error());

  Findings findings(*document);
  if (document->root().kind != JsonValue::Kind::object) {
    findings.add(document->root().begin, "",
                 fmt::format("{} where the configuration belongs; expected an object in {{ }}",
                             in_words(document->root().kind)));
    return with_our_hint(findings.to_error());
  }
  Config config = read_root(document->root(), findings);
  if (!findings.empty()) return with_our_hint(findings.to_error());
  config.file = std::move(file);
  return config;
}

std::string default_config_file(
    const std::function<std::optional<std::string>(const char* name)>& environment) {
  const auto folder = [&](const char* name) { return environment(name).value_or(""); };
  // The XDG specification has relative folders ignored.
  if (const std::string config = folder("XDG_CONFIG_HOME"); config.starts_with('/')) {
    return config + "/sluice/config.json";
  }
  const std::string home = folder("HOME");
  return home.empty() ? "" : home + "/.config/sluice/config.json";
}

Result<Config> load_config(const std::string& named_file, const std::string& default_file) {
  const std::string& file = named_file.empty() ? default_file : named_file;
  if (file.empty()) return Config{};
  auto text = read_regular_file(file, "configuration file", JsonLimits{}.bytes_max);
  if (text) return read_config(file, *std::move(text));
  const bool is_absent_default = named_file.empty() && text.error().kind == ErrorKind::not_found;
  if (is_absent_default) return Config{};
  return std::move(text).error();
}

}  // namespace sluice
