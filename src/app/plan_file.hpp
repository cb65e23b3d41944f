// SPDX-License-Identifier: MIT
// A plan that was kept (`plan --output json > plan.json`), and whether what would be done now is still that.
#pragma once

#include <string>

#include "sluice/core/result.hpp"

namespace sluice {

/// @param path of the kept plan
/// @param plan_now the plan as it is made now, in the same form
/// Fails: not_found, invalid_input if the file is no plan of sluice's, and refused if anything has changed
/// since: with the members that differ.
Result<void> require_same_plan(const std::string& path, const std::string& plan_now);

}  // namespace sluice
