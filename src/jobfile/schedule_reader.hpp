// SPDX-License-Identifier: MIT
// Reads the `schedule` of a job file.
#pragma once

#include <string>
#include <string_view>

#include "jobfile/findings.hpp"
#include "sluice/core/schedule.hpp"
#include "sluice/jobfile/json_document.hpp"

namespace sluice {

/// What is wrong with the expression, and what to write instead; printable. Empty: nothing.
std::string cron_fault(std::string_view expression);

Schedule read_schedule(const JsonValue& value, Findings& findings);

}  // namespace sluice
