// SPDX-License-Identifier: MIT
// A schedule's tick comes into the queue: its job, as the newest revision says, over the device list as it is
// now.
#pragma once

#include <string>

#include "app/settings.hpp"
#include "sluice/core/result.hpp"
#include "sluice/core/time.hpp"
#include "sluice/engine/schedule_control.hpp"
#include "sluice/engine/submit.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

struct QueuedTick {
  Submitted submitted;
  std::string tenant;  ///< of the job
};

/// Blocking, and as long as the device list is. Fails as queue_job() does; a job that reaches many devices at
/// once must say so in its "stages", since nobody is there to be asked.
Result<QueuedTick> queue_tick(Store& store, const StartedTick& tick, const Config& config,
                              const Environment& environment, UtcTime now);

}  // namespace sluice
