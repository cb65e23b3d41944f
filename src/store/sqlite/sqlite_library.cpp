// SPDX-License-Identifier: MIT
#include "sluice/store/sqlite_library.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

namespace sluice {

int loaded_sqlite() { return sqlite3_libversion_number(); }

std::string sqlite_version_text(int version) {
  return fmt::format("{}.{}.{}", version / 1'000'000, version / 1000 % 1000, version % 1000);
}

std::string unusable_sqlite(int version) {
  if (version >= oldest_usable_sqlite) return {};
  return fmt::format("SQLite {} is loaded, and sluice needs {} or newer", sqlite_version_text(version),
                     sqlite_version_text(oldest_usable_sqlite));
}

// In 3.7.0 to 3.51.2, but for the branches that were mended: 3.44 from 3.44.6, 3.50 from 3.50.7.
bool has_wal_reset_bug(int version) {
  const bool is_mended_branch =
      (version >= 3044006 && version < 3045000) || (version >= 3050007 && version < 3051000);
  return version >= 3007000 && version < 3051003 && !is_mended_branch;
}

}  // namespace sluice
