// SPDX-License-Identifier: MIT
// The routes to what is kept: the audit, and how the record is made smaller.
//
//   GET /api/v1/audit?after=ID&limit=N   {"schema_version","rows":[…],"next":ID or null}, the oldest first
//   GET /api/v1/audit:verify?head=HEAD   {"schema_version","rows","head"}; 409 if it was tampered with
//   POST /api/v1/store:prune             {"dry_run"}: by the configuration's "keep"
#pragma once

#include <vector>

#include "http_api/router.hpp"
#include "sluice/store/read_side.hpp"

namespace sluice {

class Daemon;

/// Both outlive the routes.
std::vector<Route> keep_routes(Daemon& daemon, ReadSide& reads);

}  // namespace sluice
