// SPDX-License-Identifier: MIT
// How many devices each stage of a run has: known before anything is sent, because percentages are of the
// run.
#pragma once

#include <cstdint>
#include <vector>

#include "sluice/core/rollout.hpp"

namespace sluice {

/// One number for each stage, in order; without stages the run is one. `devices` are that many more;
/// `percent` is up to that share of the run, rounded up, what came before included; a first stage of named
/// devices has as many as are named. Never more than the run has, so a later stage may come out empty. The
/// sum is less than `devices` if the stages do not reach all of them.
std::vector<std::int64_t> stage_sizes(const std::vector<Stage>& stages, std::int64_t devices);

}  // namespace sluice
