// SPDX-License-Identifier: MIT
// Every route that only looks at the record.
#pragma once

#include <vector>

#include "http_api/resources/tenant_routes.hpp"
#include "http_api/router.hpp"
#include "sluice/clock/clock.hpp"
#include "sluice/store/read_side.hpp"

namespace sluice {

/// What is passed by reference must outlive them.
std::vector<Route> read_routes(ReadSide& reads, Clock& clock, ConfiguredTenants configured);

}  // namespace sluice
