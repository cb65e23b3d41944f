// SPDX-License-Identifier: MIT
// GET /api/v1/live: how the daemon and each of its tenants stand at this moment. Everything of it comes from
// memory, so it answers while the store does not.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/health.hpp"
#include "app/live_tenants.hpp"
#include "http_api/router.hpp"
#include "sluice/clock/clock.hpp"
#include "sluice/core/ids.hpp"

namespace sluice {

/// A configured tenant.
struct LiveLane {
  std::string tenant;
  double rate_limit = 0;                ///< requests per second that it may use
  std::set<RunId> serving;              ///< runs
  std::string trouble;                  ///< why nothing of it can be sent; empty: it can
  const LiveTenant* sending = nullptr;  ///< null: nothing is known
};

struct LiveReadings {
  Vitals vitals;
  UtcTime started_at;
  bool has_unconfirmed_stop = false;  ///< what an operator has stopped is not on record yet
  std::vector<LiveLane> lanes;
};

/// @param steady what `now` is on the clock of the vitals
/// @param since sends of this second (since 1970) and later ones only
std::string live_json(const LiveReadings& readings, UtcTime now, SteadyTime steady,
                      std::optional<std::int64_t> since);

/// @param clock outlives the route @param read asked on the loop
Route live_route(Clock& clock, std::function<LiveReadings()> read);

}  // namespace sluice
