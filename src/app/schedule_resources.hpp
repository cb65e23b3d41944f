// SPDX-License-Identifier: MIT
// The schedules of the record over the API: which there are, what became of their ticks, and which come next.
#pragma once

#include <vector>

#include "http_api/resources/resource.hpp"

namespace sluice {

std::vector<Resource> schedule_resources();

}  // namespace sluice
