// SPDX-License-Identifier: MIT
// What the program's exit code says: the contract that scripts rely on.
#pragma once

#include "sluice/core/result.hpp"
#include "sluice/core/run.hpp"

namespace sluice {

namespace exit_codes {
inline constexpr int all_accepted = 0;
inline constexpr int unexpected = 1;
inline constexpr int wrong_use = 2;
inline constexpr int invalid_input = 3;
inline constexpr int not_found = 4;
inline constexpr int unreachable = 5;
inline constexpr int refused = 6;
inline constexpr int devices_failed = 7;
inline constexpr int aborted = 8;
inline constexpr int canceled = 9;
inline constexpr int devices_in_doubt = 10;
inline constexpr int unauthorized = 11;
inline constexpr int wait_timed_out = 12;
inline constexpr int interrupted = 130;
inline constexpr int terminated = 143;
}  // namespace exit_codes

int exit_code_of(ErrorKind kind);

/// Of a command that sent the run, or waited for it. Doubt beats failure, as in status_of(): a failed device
/// is known to be as it was and can be tried again by a script, one in doubt needs somebody to look first,
/// and a script that reads "7: retry the failed" must not get there while doubt is left. A run that paused is
/// 11 if its tenant was blocked, 6 if an operator has paused it, else 8; one that is still under way is 12.
int exit_code_of(const RunRecord& run);

}  // namespace sluice
