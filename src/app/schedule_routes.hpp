// SPDX-License-Identifier: MIT
// The routes that change schedules. A job comes as its text; only a user of this machine may say besides
// which folder the paths in it begin at, since those are the daemon's files.
//
//   POST   /api/v1/schedules                     {"job", "name", "folder"}
//   POST   /api/v1/schedules/{name}:pause, :resume, :remove   {"reason"}
//   DELETE /api/v1/schedules/{name}              as :remove, with no reason
//   POST   /api/v1/schedules/{name}:trigger      {}
//   POST   /api/v1/schedules/{name}:backfill     {"from", "to", "max"}
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/schedule_order.hpp"
#include "http_api/api_message.hpp"
#include "http_api/router.hpp"

namespace sluice {

class Daemon;
class ScheduledRuns;

/// @param daemon and @param schedules outlive them
std::vector<Route> schedule_routes(Daemon& daemon, ScheduledRuns& schedules);

/// What is asked of the process that owns the store, so that it carries the command out.
ApiRequest request_for(const ScheduleCommand& command);

}  // namespace sluice
