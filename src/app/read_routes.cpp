// SPDX-License-Identifier: MIT
#include "app/read_routes.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "app/device_export.hpp"
#include "app/report_resources.hpp"
#include "app/schedule_resources.hpp"
#include "http_api/resources/event_resources.hpp"
#include "http_api/resources/resource.hpp"

namespace sluice {

std::vector<Route> read_routes(ReadSide& reads, Clock& clock, ConfiguredTenants configured) {
  const auto now = [&clock] { return clock.utc_now(); };
  std::vector<Resource> resources = run_resources();
  std::ranges::move(job_file_resources(), std::back_inserter(resources));
  std::ranges::move(picture_resources(), std::back_inserter(resources));
  std::ranges::move(report_resources(), std::back_inserter(resources));
  std::ranges::move(schedule_resources(), std::back_inserter(resources));
  std::vector<Route> routes = resource_routes(reads, std::move(resources), now);
  std::ranges::move(tenant_routes(reads, now, std::move(configured)), std::back_inserter(routes));
  routes.push_back(devices_route(reads, now));
  routes.push_back(events_route(reads, clock));
  return routes;
}

}  // namespace sluice
