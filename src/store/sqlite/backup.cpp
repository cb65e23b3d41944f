// SPDX-License-Identifier: MIT
#include "sluice/store/backup.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>

#include "sluice/core/kill_point.hpp"
#include "store/sqlite/generation_file.hpp"
#include "store/sqlite/migrate.hpp"
#include "store/sqlite/owner_lock.hpp"
#include "store/sqlite/store_copy.hpp"
#include "store/sqlite/store_failure.hpp"
#include "store/sqlite/store_file.hpp"

namespace sluice {
namespace {

namespace fs = std::filesystem;

/// Where the backup is to be, without symbolic links.
std::string target_of(const std::string& file) {
  std::error_code error;
  const fs::path real = fs::weakly_canonical(fs::absolute(file), error);
  if (error || !fs::is_directory(real.parent_path(), error)) {
    fail(ErrorKind::not_found, fmt::format("there is no folder for the backup {}", file),
         "Make it first, or name another file.");
  }
  return real.string();
}

/// Everything that belongs to a store begins with its name.
bool belongs_to(const std::string& file, const std::string& store) {
  constexpr std::array<const char*, 7> suffixes{"",      "-wal",        "-shm", "-journal",
                                                ".lock", ".generation", ".sock"};
  for (const char* suffix : suffixes)
    if (file == store + suffix) return true;
  return false;
}

bool exists(const std::string& path) {
  std::error_code error;
  return fs::exists(fs::symlink_status(path, error));
}

void require_free_place(const std::string& target, const std::string& store, bool may_replace) {
  std::error_code error;
  if (belongs_to(target, store)) {
    fail(ErrorKind::refused, fmt::format("{} belongs to the store itself", target),
         "Name another file, best on another disk.");
  }
  if (exists(target) && !fs::is_regular_file(target, error)) {
    fail(ErrorKind::refused,
         fmt::format("{} is {}", target, fs::is_directory(target, error) ? "a folder" : "no regular file"),
         "Name a file for the backup.");
  }
  if (exists(target) && !may_replace) {
    fail(ErrorKind::refused, fmt::format("{} is there already", target),
         "Name another file, or replace it with --force.");
  }
  if (exists(target + ".generation") || OwnerLock::is_held(target)) {
    fail(ErrorKind::refused, fmt::format("{} is the place of another store", target),
         "Name another file. Into a store's place a backup comes by: sluice restore FILE --store PATH.");
  }
  // SQLite would take them for a part of the backup.
  for (const char* suffix : {"-wal", "-journal"}) {
    if (is_missing_or_empty(target + suffix)) continue;
    fail(ErrorKind::refused,
         fmt::format("{}{} belongs to a database that is no longer there", target, suffix),
         "Remove it, or name another file.");
  }
}

void require_store(Connection& connection) {
  if (examine_schema(connection, embedded_migrations()) != SchemaState::empty) return;
  fail(ErrorKind::not_found, fmt::format("there is nothing in the store {} yet", connection.path()),
       "Submit a job first, or name the store with --store PATH.");
}

}  // namespace

Result<BackupMade> back_up_store(const std::string& store, const std::string& file, bool may_replace) {
  return answer([&]() -> BackupMade {
    const std::string path = existing_path(store);
    require_not_lost(path);
    if (!exists(path)) {
      fail(ErrorKind::not_found, fmt::format("there is no store at {}", store),
           "Name the store with --store PATH.");
    }
    const std::string target = target_of(file);
    require_free_place(target, path, may_replace);
    Connection from{path, Connection::Access::reader};
    require_store(from);
    StoreCopy copy{from, target};
    reach(KillPoint::backup_copied);
    copy.put_in_place(may_replace ? StoreCopy::Taken::replace : StoreCopy::Taken::refuse);
    return {.file = target, .bytes = copy.bytes()};
  });
}

}  // namespace sluice
