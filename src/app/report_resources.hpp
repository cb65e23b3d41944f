// SPDX-License-Identifier: MIT
// What the API shows of one run in the words of the reports: its status, why it waits, its stages, its pace,
// what is in doubt and what was decided about that.
#pragma once

#include <vector>

#include "http_api/resources/resource.hpp"

namespace sluice {

std::vector<Resource> report_resources();

}  // namespace sluice
