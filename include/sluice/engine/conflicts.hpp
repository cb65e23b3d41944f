// SPDX-License-Identifier: MIT
// Devices that unfinished runs have already: two runs on one device would command it in an order that nobody
// has chosen.
#pragma once

#include <memory>
#include <string_view>

#include "sluice/core/job.hpp"
#include "sluice/core/result.hpp"
#include "sluice/jobfile/taken_devices.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

/// Those of the tenant's unfinished runs of the same product. Null: the job allows conflicts, or there are
/// none. A run whose job cannot be read any more counts: its devices are not to be touched by mistake.
Result<std::shared_ptr<const TakenDevices>> devices_taken_from(StoreReader& store, std::string_view tenant,
                                                               const Job& job);

}  // namespace sluice
