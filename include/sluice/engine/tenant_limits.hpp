// SPDX-License-Identifier: MIT
// How many devices a tenant's runs may reach: in one run, and in a day. The same for whoever submits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sluice/core/result.hpp"
#include "sluice/core/time.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

struct TenantLimits {
  std::optional<std::int64_t> devices_per_run_max;
  std::optional<std::int64_t>
      devices_per_day_max;  ///< of all runs submitted within 24 hours, whatever they came to

  bool operator==(const TenantLimits&) const = default;
};

/// Before a run of so many devices is queued for the tenant. Refused, with the numbers, if it would pass a
/// limit.
Result<void> check_limits(StoreReader& store, const std::string& tenant, const TenantLimits& limits,
                          std::int64_t devices, UtcTime now);

}  // namespace sluice
