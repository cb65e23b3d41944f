// SPDX-License-Identifier: MIT
// A tenant as the configuration has it, made ready to be served by the daemon. Options, SLUICE_ variables and
// what a run remembers have no say in where it sends.
#pragma once

#include <memory>
#include <string>

#include "app/config.hpp"
#include "app/settings.hpp"
#include "sluice/core/result.hpp"
#include "sluice/dialect/credentials.hpp"
#include "sluice/jobfile/device_set.hpp"

namespace sluice {

struct PreparedTenant {
  TenantSetup setup;
  Credentials credentials;
  bool is_key_from_environment;
  std::shared_ptr<const DeviceSet> denied;  ///< null: no device is
};

/// What a daemon heeds of its environment: not the variables that are for a single command, and would have
/// every job go to one tenant, or at one rate, whatever it says itself.
Environment without_commands(const Environment& environment);

/// Blocking: reads the key and the deny list. Fails: `not_found` for a tenant that is not configured, as
/// find_credentials() does, and with the deny list's errors.
Result<PreparedTenant> prepare_tenant(const std::string& name, const Config& config,
                                      const Environment& environment);

/// Whether both are served by the same connections.
bool goes_the_same_way(const TenantSetup& one, const TenantSetup& other);

}  // namespace sluice
