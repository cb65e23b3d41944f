// SPDX-License-Identifier: MIT
// An operator's command, carried out on a store that this process has for itself.
#pragma once

#include <string>

#include "app/control_answer.hpp"
#include "http_api/api_routes.hpp"
#include "sluice/core/result.hpp"
#include "sluice/core/time.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

/// "pause", "resume", "cancel", "stop", "approve" or "rate".
std::string action_of(const ApiCommand& command);

/// Blocking, one transaction's worth. Who also sends brakes first. The answer names no process: that is for
/// whoever has one to name. Fails: as control_run() and approve_stage() do.
Result<ControlAnswer> carry_out(Store& store, const ApiCommand& command, const std::string& actor,
                                UtcTime now);

}  // namespace sluice
