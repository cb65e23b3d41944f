// SPDX-License-Identifier: MIT
// Who is at the command line.
#pragma once

#include <sys/types.h>

#include <string>

namespace sluice {

/// The user who started this process, as the operating system knows him: "alice (uid 1000)", or "uid 1000"
/// where it has no name for him. Not taken from the environment, which anybody can set.
std::string operator_name();

/// The same for another user. Asks the system's directory of users, which may take its time.
std::string operator_name_of(uid_t user);

}  // namespace sluice
