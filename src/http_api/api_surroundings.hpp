// SPDX-License-Identifier: MIT
// What the server needs of its surroundings, and what it tells them.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "sluice/core/result.hpp"

namespace sluice {

/// What the operator of the server should hear of.
struct ApiIncident {
  enum class Kind { login_failed, internal_error };

  Kind kind = Kind::login_failed;
  std::string instance;  ///< what the answer calls itself
  std::string origin;    ///< "unix", or the peer's address
  std::string target;    ///< untrusted text
  Error error;
};

struct ApiSurroundings {
  std::function<std::string(uid_t)> name_of;          ///< a unix user, for the record
  std::function<void(const ApiIncident&)> tell = {};  ///< absent: nobody wants to know; must return at once
  std::string uploads_folder = {};                    ///< where bodies of uploads go; empty: none are taken
};

}  // namespace sluice
