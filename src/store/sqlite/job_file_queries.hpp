// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "sluice/store/job_files.hpp"
#include "store/sqlite/connection.hpp"

namespace sluice::queries {

std::vector<JobFileRecord> job_files(Connection& connection);

}  // namespace sluice::queries
