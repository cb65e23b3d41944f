// SPDX-License-Identifier: MIT
// Asks the process that owns a store to carry out a command. Blocking, with a deadline.
#pragma once

#include <optional>
#include <string>

#include "app/control_answer.hpp"
#include "http_api/api_routes.hpp"
#include "sluice/core/result.hpp"

namespace sluice {

/// Absent: nobody listens beside that store, or who did has ended without an answer; every command may be
/// asked again. Fails: what the process answered, or `unexpected` if it was silent for 15 s.
Result<std::optional<ControlAnswer>> ask_owner(const std::string& store_file, const ApiCommand& command);

}  // namespace sluice
