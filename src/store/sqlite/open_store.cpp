// SPDX-License-Identifier: MIT
#include "sluice/store/open_store.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "sluice/store/bounded_reader.hpp"
#include "store/sqlite/generation_file.hpp"
#include "store/sqlite/migrate.hpp"
#include "store/sqlite/owner_lock.hpp"
#include "store/sqlite/read_guard.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "store/sqlite/store_file.hpp"
#include "store/sqlite/store_place.hpp"

namespace sluice {
namespace {

class SqliteReader final : public SqliteReads<BoundedReader> {
 public:
  // The file beside is read first: its owner writes it after what it tells of.
  explicit SqliteReader(const std::string& path, std::chrono::milliseconds call_time_max = {})
      : beside_(GenerationFile{path}.read()),
        db_(path, Connection::Access::reader),
        call_time_max_(call_time_max) {
    db_.execute("PRAGMA query_only = ON; PRAGMA cell_size_check = ON; PRAGMA cache_size = -2048",
                "configure");
    if (examine_schema(db_, embedded_migrations()) != SchemaState::current) refuse_unfinished_schema();
    refuse_older_copy();
    guard_.emplace(db_);
  }

  Result<void> begin_call() override {
    guard_->give_time(call_time_max_);
    return answer([&] { db_.run("BEGIN"); });
  }
  void end_call() override {
    guard_->take_all_time();
    // A transaction that only read has nothing to lose, and one that SQLite has ended by itself is over.
    if (db_.in_transaction()) static_cast<void>(answer([&] { db_.run("COMMIT"); }));
  }

  bool has_owner() const override { return OwnerLock::is_held(db_.path()); }

 private:
  [[noreturn]] void refuse_unfinished_schema() const {
    if (has_owner()) {
      fail(ErrorKind::storage_busy,
           fmt::format("store {} is just being made or brought up to date by another process", db_.path()),
           "Try again in a moment.");
    }
    fail(ErrorKind::refused, fmt::format("store {} has an older schema than this program's", db_.path()),
         "Bring it up to date by a command that writes, such as: sluice resume --store PATH.");
  }

  // What it calls pending may have been sent since. Whoever opens it to write holds all that is unfinished.
  void refuse_older_copy() {
    const Generation found{
        .store = {}, .owner = queries::newest_owner(db_), .attempt = queries::newest_attempt(db_)};
    if (!beside_ || !has_lost_something(found, *beside_)) return;
    fail(
        ErrorKind::refused,
        fmt::format("store {} is an older copy of itself, so what it says of its devices is out of date",
                    db_.path()),
        "Have it taken over first: sluice resume. Nothing that was unfinished is sent by that: it is held in "
        "doubt.");
  }

  Connection& connection() override { return db_; }
  std::int64_t live_owner() override { return has_owner() ? queries::newest_owner(db_) : 0; }

  std::optional<Generation> beside_;
  Connection db_;
  std::chrono::milliseconds call_time_max_;
  std::optional<ReadGuard> guard_;
};

std::unique_ptr<SqliteReader> reader_of(const std::string& path, std::chrono::milliseconds call_time_max) {
  const std::string real_path = existing_path(path);
  require_not_lost(real_path);
  std::error_code error;
  if (!std::filesystem::exists(real_path, error)) {
    fail(ErrorKind::not_found, fmt::format("there is no store at {}", path),
         "Submit a job first, or name the store with --store PATH.");
  }
  return std::make_unique<SqliteReader>(real_path, call_time_max);
}

}  // namespace

Result<std::unique_ptr<Store>> open_store(const std::string& path, UtcTime now, BootClock boot_clock,
                                          StoreOptions options) {
  return answer([&]() -> std::unique_ptr<Store> {
    const std::string real_path = prepare_path(path);
    require_safe_place(real_path, options.is_network_allowed);
    return std::make_unique<SqliteStore>(real_path, now, std::move(boot_clock), std::move(options.notice));
  });
}

Result<std::unique_ptr<Store>> open_memory_store(UtcTime now, BootClock boot_clock) {
  return answer(
      [&]() -> std::unique_ptr<Store> { return std::make_unique<SqliteStore>(now, std::move(boot_clock)); });
}

Result<std::unique_ptr<StoreReader>> open_store_reader(const std::string& path) {
  return answer([&]() -> std::unique_ptr<StoreReader> { return reader_of(path, {}); });
}

Result<std::unique_ptr<BoundedReader>> open_bounded_reader(const std::string& path,
                                                           std::chrono::milliseconds call_time_max) {
  return answer([&]() -> std::unique_ptr<BoundedReader> { return reader_of(path, call_time_max); });
}

}  // namespace sluice
