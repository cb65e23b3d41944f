// SPDX-License-Identifier: MIT
// What the two programs of the simulation share: where a seed runs, and how.
#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include <string>

#include "simulation/simulation.hpp"

namespace sluice::simulation {

/// On a disk in memory if there is one: the lock and the generation file are real.
inline std::string scratch_folder() {
  const char* root = ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  return fmt::format("{}/sluice-simulation-{}", root, ::getpid());
}

inline SeedResult run_seed(Place& place, std::uint64_t seed, const Limits& limits, bool is_traced,
                           Totals& totals) {
  const Scenario scenario = scenario_of(seed, limits);
  Simulation simulation{place, scenario, is_traced, totals};
  return simulation.run();
}

}  // namespace sluice::simulation
