// SPDX-License-Identifier: MIT
// Copies of a store that are whole by themselves: one file, made through the database while others write, and
// put back in the store's place. The store's own file is never opened but by the database.
#pragma once

#include <cstdint>
#include <string>

#include "sluice/core/result.hpp"
#include "sluice/core/time.hpp"

namespace sluice {

struct BackupMade {
  std::string file;  ///< where it is, without symbolic links
  std::int64_t bytes = 0;
};

/// Copies the store as it is at one moment into `file`, readable by the user alone. The file appears under
/// its name only when it is whole, checked and on disk, so whoever finds one may trust it; a copy that was
/// cut off is left beside as FILE.copying-… .
///
/// Fails: `not_found` if there is no store or no folder for the file; `refused` if the file is there already
/// (unless it may be replaced), is the store itself or the place of another, or if the store is of a newer
/// schema; `storage` for what the disk says, and if the store is damaged.
Result<BackupMade> back_up_store(const std::string& store, const std::string& file, bool may_replace);

struct StoreRestored {
  std::string kept_as;  ///< where the store is that was in this place; empty: there was none
};

/// Puts a copy of the backup `file` into the store's place, and keeps what was there under another name.
/// Nobody knows what was sent since the backup, so the file PATH.generation is made to say that the store had
/// come further than the copy: whoever opens it next holds everything unfinished in doubt.
///
/// Between the two renames there is no store in that place, and opening it is refused; the same command again
/// ends it. Fails: `refused` if some process owns the store or has it open, if the backup is none, is of
/// another store or in use as one; `not_found` if there is no such file; `storage` if it is damaged. Until
/// all of that is known, nothing is changed.
Result<StoreRestored> restore_store(const std::string& store, const std::string& file, UtcTime now,
                                    bool is_network_allowed);

}  // namespace sluice
