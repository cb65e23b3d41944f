// SPDX-License-Identifier: MIT
// The tenants: those that some run was ever made for, and those that are only configured yet.
//
//   GET /api/v1/tenants
//   GET /api/v1/tenants/{name}
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "http_api/router.hpp"
#include "sluice/core/time.hpp"
#include "sluice/store/pages.hpp"
#include "sluice/store/read_side.hpp"

namespace sluice {

/// The names of those that are configured; asked on the loop.
using ConfiguredTenants = std::function<std::set<std::string>()>;

/// The page as it is with the configured tenants that the record does not have.
Page<TenantRow, std::string> with_configured(Page<TenantRow, std::string> page,
                                             const std::set<std::string>& configured,
                                             const TenantsWanted& wanted);

/// @param reads must outlive them
std::vector<Route> tenant_routes(ReadSide& reads, std::function<UtcTime()> now, ConfiguredTenants configured);

}  // namespace sluice
