// SPDX-License-Identifier: MIT
// Asks endpoints whether they are there and what time they have, without a key and without any command.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "app/settings.hpp"
#include "sluice/core/result.hpp"
#include "sluice/transport/http_message.hpp"

namespace sluice {

struct ProbeAnswer {
  Reply reply;
  std::optional<std::chrono::milliseconds> clock_offset;  ///< absent: no answer, or one without a time
};

/// One HEAD request to each, all at once and each over a connection of its own; blocking until the last has
/// answered or run out of its time. In the order of `setups`. Fails (invalid_input) where a tenant's
/// certificates cannot be read.
std::vector<Result<ProbeAnswer>> probe_endpoints(const std::vector<TenantSetup>& setups);

}  // namespace sluice
