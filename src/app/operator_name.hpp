// SPDX-License-Identifier: MIT
// Who is at the command line.
#pragma once

#include <string>

namespace sluice {

/// The user who started this process, as the operating system knows him: "alice (uid 1000)", or "uid 1000"
/// where it has no name for him. Not taken from the environment, which anybody can set.
std::string operator_name();

}  // namespace sluice
