// SPDX-License-Identifier: MIT
// Asks the process that owns a store to carry out a command. Blocking, with a deadline.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "app/control_answer.hpp"
#include "http_api/api_message.hpp"
#include "http_api/api_routes.hpp"
#include "sluice/core/result.hpp"

namespace sluice {

struct OwnerAnswer {
  unsigned status = 0;
  std::string body;
};

inline constexpr std::chrono::seconds owner_deadline{15};

/// Absent: nobody listens beside that store, or who did has ended without an answer. Fails: `unexpected` if
/// the process was silent for so long, or cannot be understood; a refusal is an answer.
Result<std::optional<OwnerAnswer>> ask_owner(const std::string& store_file, const ApiRequest& request,
                                             std::chrono::seconds deadline = owner_deadline);

/// Absent as above; every command may be asked again. Fails: what the process answered, or `unexpected`.
Result<std::optional<ControlAnswer>> ask_owner(const std::string& store_file, const ApiCommand& command);

}  // namespace sluice
