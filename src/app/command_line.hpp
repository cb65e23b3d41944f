// SPDX-License-Identifier: MIT
// The command line: options of every verb, their help, and what each exit code and error looks like.
#pragma once

namespace sluice {

/// @return the process's exit code
int run_command_line(int argc, const char* const* argv);

}  // namespace sluice
