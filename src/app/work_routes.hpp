// SPDX-License-Identifier: MIT
// The routes that make work: submit a job, send again, undo, decide what is in doubt.
//
//   POST /api/v1/runs                    a job, as posted_job.hpp reads it
//   POST /api/v1/runs/{run}:retry        {"failed", "not_sent", "in_doubt", "where", "expect_devices"}
//   POST /api/v1/runs/{run}:undo         {"expect_devices"}
//   POST /api/v1/runs/{run}/doubts:accept, :resend   {"reason", "chunks", "expect_devices"}
#pragma once

#include <vector>

#include "app/posted_job.hpp"
#include "app/settings.hpp"
#include "http_api/router.hpp"

namespace sluice {

class Daemon;

/// @param daemon outlives them
std::vector<Route> work_routes(Daemon& daemon, Environment environment, FindDeviceList find_list);

}  // namespace sluice
