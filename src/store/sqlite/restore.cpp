// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>

#include "sluice/core/kill_point.hpp"
#include "sluice/store/backup.hpp"
#include "store/sqlite/generation_file.hpp"
#include "store/sqlite/migrate.hpp"
#include "store/sqlite/owner_lock.hpp"
#include "store/sqlite/queries.hpp"
#include "store/sqlite/store_copy.hpp"
#include "store/sqlite/store_failure.hpp"
#include "store/sqlite/store_file.hpp"
#include "store/sqlite/store_identity.hpp"
#include "store/sqlite/store_place.hpp"

namespace sluice {
namespace {

namespace fs = std::filesystem;

bool exists(const std::string& path) {
  struct stat found{};
  return ::lstat(path.c_str(), &found) == 0;
}

std::string backup_path(const std::string& file, const std::string& store) {
  std::error_code error;
  const fs::path real = fs::weakly_canonical(fs::absolute(file), error);
  if (error || !fs::is_regular_file(real, error)) {
    fail(ErrorKind::not_found, fmt::format("{} is no file", file), "Name one that `sluice backup` made.");
  }
  if (real.string() == store) {
    fail(ErrorKind::refused, fmt::format("{} is the store itself", file),
         "Name a file that `sluice backup` made.");
  }
  if (OwnerLock::is_held(real.string())) {
    fail(ErrorKind::refused, fmt::format("{} is a store that some process sends from", file),
         "Two stores of one record would send everything twice. Make a backup of it, and end that process.");
  }
  return real.string();
}

/// @return its identity; empty: it has none
std::string examine_backup(Connection& backup, const std::optional<Generation>& beside,
                           const std::string& store) {
  if (examine_schema(backup, embedded_migrations()) == SchemaState::empty) {
    fail(ErrorKind::refused, fmt::format("{} is empty", backup.path()),
         "Name a file that `sluice backup` made.");
  }
  std::string identity = identity_of(backup);
  if (beside && !identity.empty() && identity != beside->store) {
    fail(ErrorKind::refused,
         fmt::format("{} is a backup of another store than the one at {}", backup.path(), store),
         "Restore it to another place, with --store PATH.");
  }
  return identity;
}

// One more owner than there ever was: what the operator ordered since the backup is lost with what was sent,
// and not every order leaves an attempt behind by which that could be seen.
Generation further_than(Connection& backup, const std::string& identity,
                        const std::optional<Generation>& beside) {
  Generation generation{.store = identity.empty() ? fresh_identity(backup) : identity,
                        .owner = queries::newest_owner(backup),
                        .attempt = queries::newest_attempt(backup)};
  if (beside) {
    generation.store = beside->store;
    generation.owner = std::max(generation.owner, beside->owner);
    generation.attempt = std::max(generation.attempt, beside->attempt);
  }
  ++generation.owner;
  return generation;
}

/// Whoever has the old store open would go on with a file that is none any more. Its log is moved into it,
/// unless it is so damaged that nothing can be; it is being replaced for some reason. But that it was a store
/// must be known, from the file itself or from the one beside it.
void end_old_store(const std::string& store, bool is_place_of_store) {
  try {
    Connection old{store, Connection::Access::owner};
    // Before anything is read: only then does it keep out, and notice, those who merely read.
    old.pragma("PRAGMA locking_mode = EXCLUSIVE");
    if (old.pragma("PRAGMA application_id") != std::to_string(store_application_id)) {
      fail(ErrorKind::refused, fmt::format("{} is another program's database, not a sluice store", store),
           "Choose another place with --store PATH.");
    }
    old.pragma("PRAGMA wal_checkpoint(TRUNCATE)");
    old.checkpoint_on_close(true);
  } catch (const StoreFailure& failure) {
    if (failure.error.kind == ErrorKind::storage_busy) {
      fail(ErrorKind::refused, fmt::format("store {}: another program has it open", store),
           "Close it (a database browser, a backup, a sluice command that reads) and try again.");
    }
    if (failure.error.kind == ErrorKind::refused || !is_place_of_store) throw;
  }
}

std::string free_name_beside(const std::string& store, UtcTime now) {
  std::string stamp = to_iso_seconds(now);
  std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
  const std::string wanted = fmt::format("{}.before-restore-{}", store, stamp);
  std::string name = wanted;
  for (int number = 2; exists(name) || exists(name + "-wal"); ++number)
    name = fmt::format("{}-{}", wanted, number);
  return name;
}

void move_file(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) == 0) return;
  const int error = errno;
  fail(ErrorKind::storage, fmt::format("cannot move {} to {}: {}", from, to, std::strerror(error)),
       next_step_after(error));
}

/// The database first: without it, nobody opens what is left. @return where it is; empty: there was none
std::string keep_aside(const std::string& store, UtcTime now) {
  const std::string aside = free_name_beside(store, now);
  bool was_there = false;
  for (const char* suffix : {"", "-wal", "-journal"}) {
    if (!exists(store + suffix)) continue;
    move_file(store + suffix, aside + suffix);
    was_there = true;
  }
  ::unlink((store + "-shm").c_str());
  sync_folder(fs::path{store}.parent_path().string());
  return was_there ? aside : std::string{};
}

}  // namespace

Result<StoreRestored> restore_store(const std::string& store, const std::string& file, UtcTime now,
                                    bool is_network_allowed) {
  return answer([&]() -> StoreRestored {
    const std::string path = prepare_path(store);
    const std::string backup_file = backup_path(file, path);
    require_safe_place(path, is_network_allowed);
    const OwnerLock lock{path};
    GenerationFile generation_file{path};
    const std::optional<Generation> beside = generation_file.read();
    Connection backup{backup_file, Connection::Access::reader};
    const std::string identity = examine_backup(backup, beside, path);
    const Generation generation = further_than(backup, identity, beside);
    StoreCopy copy{backup, path};
    reach(KillPoint::restore_copied);
    if (!is_missing_or_empty(path)) end_old_store(path, beside.has_value());
    StoreRestored restored{.kept_as = keep_aside(path, now)};
    generation_file.write_anew(generation);
    reach(KillPoint::restore_kept);
    copy.put_in_place(StoreCopy::Taken::refuse);
    return restored;
  });
}

}  // namespace sluice
