// SPDX-License-Identifier: MIT
// What a rehearsal stands on: a simulated cloud, a store of its own, and real or virtual time.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "app/session_ground.hpp"
#include "simulator/options.hpp"
#include "simulator/summary.hpp"
#include "sluice/core/result.hpp"
#include "sluice/core/time.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

/// Copies share everything, and the last one takes the cloud and what was not to be kept of the store with
/// it.
struct RehearsalGround {
  SessionGround session;
  std::string url;  ///< where the simulated cloud is
  std::function<Result<std::unique_ptr<Store>>()> open_store;
  std::function<simulator::Summary()> end;  ///< the cloud takes nothing more; what it saw
};

/// The cloud behind a socket of this machine, at the machine's own pace.
/// @param store_path empty: a store that is gone with the rehearsal
/// Fails: `refused` if the cloud cannot start, `storage` if no folder can be made.
Result<RehearsalGround> real_ground(const simulator::Options& cloud, const std::string& store_path);

/// Cloud and time in this process: what would take hours takes a moment, and is the same each time for the
/// same start and the same seed.
/// @param start what the wall clock shows at its beginning
/// Fails: `refused` if there is a store already: its times are those of another clock.
Result<RehearsalGround> virtual_ground(const simulator::Options& cloud, const std::string& store_path,
                                       UtcTime start);

}  // namespace sluice
