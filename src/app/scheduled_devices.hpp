// SPDX-License-Identifier: MIT
// Whether a job that is to run by a schedule can be sent at all: looked at when it is added, since nobody is
// there to be asked when a tick comes.
#pragma once

#include "app/options.hpp"
#include "app/prepared_job.hpp"
#include "sluice/core/result.hpp"

namespace sluice {

/// Blocking, and as long as the device list is. Fails: a device list that cannot be read, and (refused) a job
/// that reaches so many devices at once that somebody would have to be asked.
Result<void> check_scheduled_devices(const SendOptions& send, const JobAndText& loaded);

}  // namespace sluice
