// SPDX-License-Identifier: MIT
// Which store a database is, whatever its path: 32 hexadecimal digits, given once. Failures are StoreFailure.
#pragma once

#include <string>

#include "store/sqlite/connection.hpp"

namespace sluice {

/// Empty: the store was made before stores had one, or its making was cut off.
std::string identity_of(Connection& connection);

/// One that no store has.
std::string fresh_identity(Connection& connection);

}  // namespace sluice
