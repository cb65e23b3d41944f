// SPDX-License-Identifier: MIT
// Which SQLite is loaded, and what that means. Versions are SQLite's numbers: 3040001 is 3.40.1.
#pragma once

#include <string>

namespace sluice {

int loaded_sqlite();
/// "3.40.1"
std::string sqlite_version_text(int version);

/// The schema has STRICT tables, which older ones take for a syntax error.
inline constexpr int oldest_usable_sqlite = 3037000;

/// Why the store cannot be used with that version; empty: it can.
std::string unusable_sqlite(int version);

/// With that bug (https://sqlite.org/wal.html tells of it), a checkpoint of one connection against a commit
/// of another can damage the file. A store is written and checkpointed by one connection only, so it keeps
/// clear of that.
bool has_wal_reset_bug(int version);

}  // namespace sluice
