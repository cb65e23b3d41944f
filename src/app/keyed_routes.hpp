// SPDX-License-Identifier: MIT
// The daemon's routes with the rules of Idempotency-Key around those that make work.
#pragma once

#include <vector>

#include "http_api/router.hpp"
#include "sluice/clock/clock.hpp"

namespace sluice {

class Daemon;

/// @param daemon and @param clock outlive them
std::vector<Route> with_keys(std::vector<Route> routes, Daemon& daemon, Clock& clock);

}  // namespace sluice
