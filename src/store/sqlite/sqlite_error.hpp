// SPDX-License-Identifier: MIT
// SQLite's result codes as errors that an operator can act on.
#pragma once

#include <string>
#include <string_view>

#include "sluice/core/result.hpp"

struct sqlite3;

namespace sluice {

/// @param doing what failed, as in "cannot DOING"
Error sqlite_error(sqlite3* db, int code, const std::string& path, std::string_view doing);

/// What the system said when the last call of SQLite failed; 0: nothing is known.
int system_errno_of(sqlite3* db);

std::string next_step_after_damage(const std::string& path);

/// After such a code it is unknown what the disk holds. Nothing may be written on that footing: only a fresh
/// start, which makes everything durable before it acts, knows again. A disk that is merely full is none of
/// these.
bool is_fatal(int extended_code, int system_errno);

}  // namespace sluice
