// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>

#include "sluice/core/result.hpp"

namespace sluice {

/// A command line that nobody can mean: exit code 2.
inline Error wrong_use(std::string message, std::string hint) {
  return {ErrorKind::usage, std::move(message), std::move(hint)};
}

}  // namespace sluice
