// SPDX-License-Identifier: MIT
// Reads the `schedule` of a job file.
#pragma once

#include "jobfile/findings.hpp"
#include "sluice/core/schedule.hpp"
#include "sluice/jobfile/json_document.hpp"

namespace sluice {

Schedule read_schedule(const JsonValue& value, Findings& findings);

}  // namespace sluice
