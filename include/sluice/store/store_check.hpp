// SPDX-License-Identifier: MIT
// How a store stands, for `sluice doctor`: looked at from beside its owner, changing nothing.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "sluice/core/result.hpp"

namespace sluice {

struct StoreCheck {
  std::string path;  ///< without symbolic links
  bool is_there = false;
  bool has_owner = false;              ///< some process sends from it, or writes
  mode_t mode = 0;                     ///< the permissions of the file
  uid_t user = 0;                      ///< whom it belongs to
  std::int64_t bytes = 0;              ///< of the database
  std::int64_t log_bytes = 0;          ///< of what is not moved into it yet
  std::optional<Error> place_problem;  ///< its place cannot be trusted with it
  std::optional<Error> problem;        ///< it cannot be used: lost, another program's, a newer one's, damaged
  std::int64_t schema = 0;             ///< the number of its newest migration
  bool is_schema_older = false;        ///< than this program's
  bool has_generation_file = false;
  bool is_older_copy = false;  ///< by the file beside it, it had come further
};

/// Reads all of the database (SQLite's quick_check), so it takes as long as that. What is wrong with the
/// store is in the value; fails (storage, invalid_input) only where there is no looking at all.
Result<StoreCheck> check_store(const std::string& path, bool is_network_allowed);

}  // namespace sluice
