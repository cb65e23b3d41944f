// SPDX-License-Identifier: MIT
// The migrations as they were compiled in: migrations/embed.cmake writes the table out of
// migrations/sqlite/*.sql.
#pragma once

#include <span>

namespace sluice {

struct Migration {
  int number;        ///< 1, 2, 3 … without a gap
  const char* name;  ///< the file's name without its ending
  const char* text;  ///< the SQL
};

/// In ascending order; at least one.
std::span<const Migration> embedded_migrations();

}  // namespace sluice
