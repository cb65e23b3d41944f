// SPDX-License-Identifier: MIT
#include "app/prepared_tenant.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "app/credential_sources.hpp"
#include "app/prepared_job.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

/// Variables that would name a tenant, an endpoint or a rate for everything at once.
bool is_for_one_command(std::string_view name) {
  constexpr std::array<std::string_view, 2> places{"ALIBABA_CLOUD_ENDPOINT", "ALIBABA_CLOUD_REGION_ID"};
  constexpr std::array<std::string_view, 2> own_files{"SLUICE_CONFIG", "SLUICE_STORE"};
  const bool is_ours = name.starts_with("SLUICE_") && name != own_files[0] && name != own_files[1];
  return is_ours || name == places[0] || name == places[1];
}

}  // namespace

Environment without_commands(const Environment& environment) {
  return [environment](const char* name) -> std::optional<std::string> {
    if (is_for_one_command(name)) return std::nullopt;
    return environment(name);
  };
}

Result<PreparedTenant> prepare_tenant(const std::string& name, const Config& config,
                                      const Environment& environment) {
  if (!config.tenants.contains(name)) {
    return Error{ErrorKind::not_found, fmt::format("no tenant \"{}\" is configured", printable(name, 64)),
                 "Add it to \"tenants\" in the configuration, then reload the daemon."};
  }
  const Environment quiet = without_commands(environment);
  SendOptions options;
  options.tenant = name;
  Result<TenantSetup> setup = tenant_setup(options, quiet, config, Job{});
  if (setup.has_error()) return setup.error();
  Result<FoundCredentials> key = find_credentials({.file = setup->credentials_file,
                                                   .profile = setup->profile,
                                                   .home = environment("HOME").value_or(""),
                                                   .environment = quiet});
  if (key.has_error()) return key.error();
  auto denied = denied_devices(*setup);
  if (denied.has_error()) return denied.error();
  return PreparedTenant{std::move(*setup), std::move(key->credentials), key->is_from_environment,
                        std::move(*denied)};
}

bool goes_the_same_way(const TenantSetup& one, const TenantSetup& other) {
  return one.endpoint == other.endpoint && one.https == other.https;
}

}  // namespace sluice
