// SPDX-License-Identifier: MIT
// The devices of a list that a run is not for, as plans and answers tell of them.
#pragma once

#include <string>

#include "http_api/json_text.hpp"
#include "sluice/jobfile/target_list.hpp"

namespace sluice {

/// "12 excluded, 3 denied by the tenant's list": each reason that leaves out any; empty: none does. Names
/// that came before are not among them.
std::string left_out_text(const TargetCounts& counts);

/// "duplicates", "unmatched", "excluded", "denied", "taken".
void add_left_out(JsonText& json, const TargetCounts& counts);

}  // namespace sluice
