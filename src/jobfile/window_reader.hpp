// SPDX-License-Identifier: MIT
// The "window" of a job file: at which times of day, in which time zone, the run may send.
#pragma once

#include "jobfile/findings.hpp"
#include "sluice/core/send_window.hpp"
#include "sluice/jobfile/json_document.hpp"

namespace sluice {

/// @param value an object; what is wrong with it goes to `findings`
SendWindow read_window(const JsonValue& value, Findings& findings);

}  // namespace sluice
