// SPDX-License-Identifier: MIT
#include "app/settings.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <vector>

#include "app/option_values.hpp"
#include "app/secret_variables.hpp"
#include "jobfile/nearest_word.hpp"
#include "sluice/jobfile/device_name.hpp"
#include "sluice/jobfile/job_file.hpp"

namespace sluice {
namespace {

std::string folder_of(const Environment& environment, const char* xdg_variable, std::string_view below_home) {
  if (const auto folder = environment(xdg_variable)) return *folder;
  return fmt::format("{}/{}", environment("HOME").value_or("."), below_home);
}

std::string first_of(std::initializer_list<std::string> candidates) {
  for (const std::string& candidate : candidates) {
    if (!candidate.empty()) return candidate;
  }
  return {};
}

std::string variable(const Environment& environment, const char* name) {
  return environment(name).value_or("");
}

Result<TenantConfig> configured_tenant(const std::string& name, const Config& config) {
  if (const auto known = config.tenants.find(name); known != config.tenants.end()) return known->second;
  if (config.tenants.empty()) return TenantConfig{.name = name};
  std::vector<std::string_view> names;
  for (const auto& [known, tenant] : config.tenants) names.push_back(known);
  const auto nearest = nearest_word(name, names);
  return Error{
      ErrorKind::not_found,
      fmt::format("the configuration {} has no tenant \"{}\"", printable(config.file), printable(name, 64)),
      nearest ? fmt::format("Did you mean \"{}\"?", *nearest)
              : "Add it to \"tenants\", or name another one with --tenant."};
}

std::string tenant_name(const SendOptions& options, const Environment& environment, const Config& config,
                        const Job& job) {
  const std::string only_one = config.tenants.size() == 1 ? config.tenants.begin()->first : std::string{};
  return first_of({options.tenant, variable(environment, "SLUICE_TENANT"), job.tenant, config.default_tenant,
                   only_one, "default"});
}

Result<Endpoint> endpoint_of(const SendOptions& options, const Environment& environment,
                             const TenantConfig& tenant) {
  const std::string asked = first_of({options.endpoint, variable(environment, "SLUICE_ENDPOINT")});
  if (!asked.empty()) {
    Result<Endpoint> endpoint = parse_endpoint(asked);
    if (endpoint.has_value()) return endpoint;
    // No file is wrong then, but what was said to this command.
    Error error = endpoint.error();
    error.kind = ErrorKind::usage;
    error.message = (options.endpoint.empty() ? "SLUICE_ENDPOINT: " : "--endpoint: ") + error.message;
    return error;
  }
  const std::string region = variable(environment, "ALIBABA_CLOUD_REGION_ID");
  const std::string text =
      first_of({tenant.endpoint, variable(environment, "ALIBABA_CLOUD_ENDPOINT"),
                region.empty() ? std::string{} : fmt::format("https://iot.{}.aliyuncs.com", region)});
  if (text.empty()) {
    return Error{
        ErrorKind::usage, fmt::format("tenant \"{}\" has no endpoint", printable(tenant.name, 64)),
        "Name a configuration that has one with --config FILE (where a daemon sends, its own), or give "
        "--endpoint https://iot.REGION.aliyuncs.com."};
  }
  return parse_endpoint(text);
}

/// The region that an endpoint such as iot.cn-beijing.aliyuncs.com names.
std::optional<std::string> region_of(const Endpoint& endpoint) {
  constexpr std::string_view front = "iot.";
  constexpr std::string_view back = ".aliyuncs.com";
  const std::string_view host = endpoint.host;
  if (host.size() <= front.size() + back.size() || !host.starts_with(front) || !host.ends_with(back))
    return {};
  return std::string{host.substr(front.size(), host.size() - front.size() - back.size())};
}

/// Of the option, else of the environment; absent: of neither.
Result<std::optional<double>> rate_asked_for(const SendOptions& options, const Environment& environment) {
  if (options.rate) return options.rate;
  const std::optional<std::string> text = environment("SLUICE_RATE");
  if (!text) return std::optional<double>{};
  const Result<double> rate = number_between("SLUICE_RATE=" + *text, *text, rate_min, rate_max);
  if (rate.has_error()) return rate.error();
  return std::optional{*rate};
}

Result<double> rate_of(const SendOptions& options, const Environment& environment, const Job& job,
                       const TenantSetup& setup) {
  const Result<std::optional<double>> asked = rate_asked_for(options, environment);
  if (asked.has_error()) return asked.error();
  const double usable = setup.account_rate - setup.leave_to_others;
  const double rate = asked->value_or(job.rate.value_or(usable));
  if (rate > usable && setup.leave_to_others > 0) {
    return Error{
        *asked ? ErrorKind::usage : ErrorKind::invalid_input,
        fmt::format("a rate of {} requests per second is above the {} that tenant \"{}\" may use of "
                    "its {}: {} are left to others",
                    rate, usable, printable(setup.name, 64), setup.account_rate, setup.leave_to_others),
        "Ask for less, or change \"leave_to_others\" in the configuration."};
  }
  if (rate > setup.account_rate && !is_loopback(setup.endpoint)) {
    return Error{
        *asked ? ErrorKind::usage : ErrorKind::invalid_input,
        fmt::format("a rate of {} requests per second is above the {} of tenant \"{}\"", rate,
                    setup.account_rate, printable(setup.name, 64)),
        "The cloud limits the account to 10. If yours has more, say so in the configuration (\"rate\")."};
  }
  return rate;
}

Result<int> in_flight_of(const SendOptions& options, const Environment& environment,
                         const TenantConfig& tenant) {
  if (options.in_flight) return *options.in_flight;
  const std::optional<std::string> text = environment("SLUICE_IN_FLIGHT");
  if (!text) return static_cast<int>(tenant.in_flight);
  const Result<std::int64_t> number =
      whole_number_between("SLUICE_IN_FLIGHT=" + *text, *text, 1, in_flight_max);
  if (number.has_error()) return number.error();
  return static_cast<int>(*number);
}

}  // namespace

Environment process_environment() {
  return [](const char* name) -> std::optional<std::string> {
    if (std::optional<std::string> secret = taken_secret(name)) return secret;
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
  };
}

Result<Config> load_config(const CommonOptions& options, const Environment& environment) {
  return load_config(first_of({options.config, variable(environment, "SLUICE_CONFIG")}),
                     default_config_file(environment));
}

std::string store_path(const CommonOptions& options, const Environment& environment, const Config& config) {
  return first_of({options.store, variable(environment, "SLUICE_STORE"), config.store,
                   folder_of(environment, "XDG_STATE_HOME", ".local/state") + "/sluice/sluice.db"});
}

Result<TenantConfig> meant_tenant(const std::string& named, const Environment& environment,
                                  const Config& config) {
  SendOptions options;
  options.tenant = named;
  return configured_tenant(tenant_name(options, environment, config, Job{}), config);
}

Result<TenantSetup> tenant_setup(const SendOptions& options, const Environment& environment,
                                 const Config& config, const Job& job) {
  Result<TenantConfig> tenant = configured_tenant(tenant_name(options, environment, config, job), config);
  if (tenant.has_error()) return tenant.error();
  Result<Endpoint> endpoint = endpoint_of(options, environment, *tenant);
  if (endpoint.has_error()) return endpoint.error();

  TenantSetup setup{
      .name = tenant->name,
      .endpoint = *endpoint,
      .https = tenant->https,
      .dialect = tenant->dialect,
      .account_rate = tenant->rate,
      .leave_to_others = tenant->leave_to_others,
      .credentials_file = first_of(
          {options.credentials_file, variable(environment, "SLUICE_CREDENTIALS"), tenant->credentials_file}),
      .profile = first_of({options.profile, tenant->profile}),
      .deny_file = tenant->deny_file,
      .limits = {.devices_per_run_max = tenant->devices_per_run_max,
                 .devices_per_day_max = tenant->devices_per_day_max}};
  setup.dialect.target = endpoint->target;
  if (const auto region = region_of(*endpoint); region) setup.dialect.region = *region;
  setup.https.ca_file =
      first_of({options.ca_file, variable(environment, "SLUICE_CA_FILE"), setup.https.ca_file});
  setup.https.connect_timeout = options.connect_timeout.value_or(setup.https.connect_timeout);
  setup.https.tls_timeout = options.tls_timeout.value_or(setup.https.tls_timeout);
  setup.https.exchange_timeout = options.exchange_timeout.value_or(setup.https.exchange_timeout);

  const Result<double> rate = rate_of(options, environment, job, setup);
  if (rate.has_error()) return rate.error();
  setup.rate = *rate;
  const Result<int> in_flight = in_flight_of(options, environment, *tenant);
  if (in_flight.has_error()) return in_flight.error();
  setup.in_flight = *in_flight;
  setup.https.connections_max = static_cast<std::size_t>(*in_flight);
  return setup;
}

}  // namespace sluice
