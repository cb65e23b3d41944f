// SPDX-License-Identifier: MIT
// The devices of a run over the API: as pages, or all of them as a file that is written while it is read.
// Each piece is a page of its own, so no long read holds the store's log back, and a client that reads slowly
// holds up nobody. What is settled meanwhile may show in a later piece; no device is left out or comes twice.
#pragma once

#include "http_api/router.hpp"
#include "sluice/store/read_side.hpp"

namespace sluice {

/// GET /api/v1/runs/{run}/devices. @param reads must outlive it
Route devices_route(ReadSide& reads, std::function<UtcTime()> now);

}  // namespace sluice
