// SPDX-License-Identifier: MIT
// From options, environment, job file and configuration to one decided value each: option over environment
// over job file over configuration over default.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "app/config.hpp"
#include "app/options.hpp"
#include "sluice/core/job.hpp"
#include "sluice/core/result.hpp"
#include "sluice/dialect/invoke_things.hpp"
#include "sluice/engine/tenant_limits.hpp"
#include "sluice/transport/https.hpp"

namespace sluice {

/// An environment variable; absent: not set, or empty.
using Environment = std::function<std::optional<std::string>(const char* name)>;
Environment process_environment();

/// The configuration file of --config, SLUICE_CONFIG or the well-known place; empty if there is none at the
/// latter.
Result<Config> load_config(const CommonOptions& options, const Environment& environment);

/// --store, SLUICE_STORE, the configuration's, or $XDG_STATE_HOME/sluice/sluice.db.
std::string store_path(const CommonOptions& options, const Environment& environment, const Config& config);

/// How a tenant is served: everything but its key.
struct TenantSetup {
  std::string name;
  Endpoint endpoint;
  HttpsOptions https;
  InvokeThingsDialect dialect;
  double account_rate = default_requests_per_second;  ///< the tenant's limit, requests per second
  double leave_to_others = 0;                         ///< of it, what no run may use
  double rate = default_requests_per_second;          ///< what this run may use of it
  int in_flight = 32;
  std::string credentials_file;
  std::string profile;
  std::string deny_file;  ///< devices that no run of the tenant may send to; empty: none are denied
  TenantLimits limits;
};

/// The tenant of that name, or without one the environment's or the configuration's default.
/// Fails: `not_found` for a tenant that the configuration does not know.
Result<TenantConfig> meant_tenant(const std::string& named, const Environment& environment,
                                  const Config& config);

/// For a job that is about to be submitted or planned.
/// Fails: `usage` for an option that is out of range or no endpoint at all, `invalid_input` for a job's rate
/// above the tenant's, `not_found` for a tenant that the configuration does not know.
Result<TenantSetup> tenant_setup(const SendOptions& options, const Environment& environment,
                                 const Config& config, const Job& job);

}  // namespace sluice
