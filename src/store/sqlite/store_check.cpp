// SPDX-License-Identifier: MIT
#include "sluice/store/store_check.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include "store/sqlite/generation_file.hpp"
#include "store/sqlite/migrate.hpp"
#include "store/sqlite/owner_lock.hpp"
#include "store/sqlite/queries.hpp"
#include "store/sqlite/sqlite_error.hpp"
#include "store/sqlite/store_failure.hpp"
#include "store/sqlite/store_file.hpp"
#include "store/sqlite/store_place.hpp"

namespace sluice {
namespace {

template <class Look>
std::optional<Error> problem_of(Look look) {
  const Result<void> looked = answer([&] { look(); });
  return looked.has_error() ? std::optional{looked.error()} : std::nullopt;
}

std::int64_t bytes_of(const std::string& path) {
  struct stat found{};
  return ::stat(path.c_str(), &found) == 0 ? std::int64_t{found.st_size} : 0;
}

void look_at_file(StoreCheck& check) {
  struct stat found{};
  check.is_there = ::stat(check.path.c_str(), &found) == 0;
  if (!check.is_there) return;
  check.mode = found.st_mode & 07777;
  check.user = found.st_uid;
  check.bytes = found.st_size;
  check.log_bytes = bytes_of(check.path + "-wal");
}

// The file beside is read first: its owner writes it after what it tells of.
void look_inside(StoreCheck& check) {
  const std::optional<Generation> beside = GenerationFile{check.path}.read();
  check.has_generation_file = beside.has_value();
  require_not_lost(check.path);
  if (!check.is_there) return;
  Connection db{check.path, Connection::Access::reader};
  const SchemaState state = examine_schema(db, embedded_migrations());
  if (state == SchemaState::empty) return;
  check.is_schema_older = state == SchemaState::older;
  Statement newest = db.query("SELECT max(number) FROM schema_migrations");
  if (newest.next()) check.schema = newest.integer(0);
  const Generation found{
      .store = {}, .owner = queries::newest_owner(db), .attempt = queries::newest_attempt(db)};
  check.is_older_copy = beside && has_lost_something(found, *beside);
  if (db.pragma("PRAGMA quick_check(1)") == "ok") return;
  fail(ErrorKind::storage, fmt::format("store {} is damaged", check.path),
       next_step_after_damage(check.path));
}

}  // namespace

Result<StoreCheck> check_store(const std::string& path, bool is_network_allowed) {
  return answer([&] {
    StoreCheck check{.path = existing_path(path)};
    look_at_file(check);
    check.has_owner = OwnerLock::is_held(check.path);
    if (check.is_there)
      check.place_problem = problem_of([&] { require_safe_place(check.path, is_network_allowed); });
    check.problem = problem_of([&] { look_inside(check); });
    return check;
  });
}

}  // namespace sluice
