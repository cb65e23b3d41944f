// SPDX-License-Identifier: MIT
// Asks the process that owns a store to carry out a command. Blocking, with a deadline.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "app/control_answer.hpp"
#include "http_api/api_routes.hpp"
#include "sluice/core/result.hpp"

namespace sluice {

struct OwnerAnswer {
  unsigned status = 0;
  std::string body;
};

/// Absent: nobody listens beside that store, or who did has ended without an answer.
/// Fails: `unexpected` if the process was silent for the whole of `deadline`, or cannot be understood; never
/// for a status, whatever it is.
Result<std::optional<OwnerAnswer>> ask_owner(const std::string& store_file, const ApiRequest& request,
                                             std::chrono::seconds deadline = std::chrono::seconds{15});

/// The same with the content of a regular file as the body. Fails (not_found) for a file that cannot be read.
Result<std::optional<OwnerAnswer>> upload_to_owner(const std::string& store_file, const std::string& target,
                                                   const std::string& file, const std::string& content_type);

/// Absent: nobody listens beside that store, or who did has ended without an answer; every command may be
/// asked again. Fails: what the process answered, or `unexpected` if it was silent for 15 s.
Result<std::optional<ControlAnswer>> ask_owner(const std::string& store_file, const ApiCommand& command);

}  // namespace sluice
