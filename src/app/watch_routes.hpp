// SPDX-License-Identifier: MIT
// The routes by which a daemon is watched.
//
//   GET /metrics   everything that it counts, in Prometheus' text format
//   GET /healthz   200 while it lives, else 503
//   GET /readyz    200 while it takes work, else 503
//
// The last two ask nobody who he is, and name nothing of the configuration or the record.
#pragma once

#include <functional>
#include <vector>

#include "app/health.hpp"
#include "app/metrics.hpp"
#include "http_api/router.hpp"
#include "sluice/clock/clock.hpp"
#include "sluice/store/read_side.hpp"

namespace sluice {

/// All of it outlives the routes.
struct WatchGround {
  const Metrics& metrics;
  Clock& clock;
  ReadSide* reads = nullptr;       ///< null: the store cannot be looked at
  std::function<Vitals()> vitals;  ///< asked on the loop
  std::function<std::int64_t()> log_lines_lost;
};

std::vector<Route> watch_routes(WatchGround ground);

}  // namespace sluice
