// SPDX-License-Identifier: MIT
// Every route that only looks at the record.
#pragma once

#include <functional>
#include <vector>

#include "http_api/resources/event_resources.hpp"
#include "http_api/resources/tenant_routes.hpp"
#include "http_api/router.hpp"
#include "sluice/store/read_side.hpp"

namespace sluice {

/// @param reads must outlive them
std::vector<Route> read_routes(ReadSide& reads, std::function<UtcTime()> now, MakeEventPause make_pause,
                               ConfiguredTenants configured);

}  // namespace sluice
