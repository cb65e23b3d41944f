// SPDX-License-Identifier: MIT
#include "store/sqlite/connection.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <chrono>
#include <utility>

#include "sluice/store/sqlite_library.hpp"
#include "store/sqlite/sqlite_error.hpp"
#include "store/sqlite/store_failure.hpp"

namespace sluice {
namespace {

// A backup or a browser may hold the file for a moment; a rollout can wait that long.
constexpr int busy_timeout_ms = 5000;
constexpr int checkpoint_retry_ms = 10;

constexpr int page_bytes = 8192;
// The log is moved into the database when it is longer than this …
constexpr int log_pages_moved_from = 1000;
// … and cut back to this when a reader had made it longer.
constexpr std::int64_t log_bytes_kept = std::int64_t{16} * 1024 * 1024;
constexpr std::int64_t log_bytes_worth_a_warning = std::int64_t{64} * 1024 * 1024;

int open_flags(Connection::Access access) {
  constexpr int common = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  switch (access) {
    case Connection::Access::owner:
      return common | SQLITE_OPEN_READWRITE;
    case Connection::Access::reader:
      return common | SQLITE_OPEN_READONLY;
    case Connection::Access::memory:
      return common | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY;
  }
  return common;
}

}  // namespace

void Connection::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Connection::Connection(std::string path, Access access) : path_(std::move(path)), access_(access) {
  if (const std::string problem = unusable_sqlite(loaded_sqlite()); !problem.empty()) {
    fail(ErrorKind::refused, problem, "Install a newer libsqlite3, or see which one is found: ldd sluice.");
  }
  const int code = sqlite3_open_v2(path_.c_str(), &db_, open_flags(access), nullptr);
  if (code != SQLITE_OK) {
    const Error error = sqlite_error(db_, code, path_, "open");
    sqlite3_close_v2(db_);
    throw StoreFailure{error};
  }
  sqlite3_busy_timeout(db_, busy_timeout_ms);
  // A file is data: it may neither run functions of its own nor change SQLite's books.
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  checkpoint_on_close(false);
}

Connection::~Connection() {
  statements_.clear();
  sqlite3_close_v2(db_);
}

void Connection::checkpoint_on_close(bool wanted) {
  sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, wanted ? 0 : 1, nullptr);
}

void Connection::keep_log_short(std::function<void(std::int64_t)> too_long) {
  log_too_long_ = std::move(too_long);
  execute(fmt::format("PRAGMA journal_size_limit = {}", log_bytes_kept).c_str(), "limit the log");
  sqlite3_wal_hook(
      db_,
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<Connection*>(self)->log_grew(pages);
        return SQLITE_OK;  // the commit is durable, whatever becomes of moving it
      },
      this);
}

// SQLite would ignore an error here. The log still has everything, but after a failed sync nobody knows what
// the database has, and only a fresh start may use it again.
void Connection::log_grew(int pages) {
  if (pages < log_pages_moved_from) return;
  const int code = sqlite3_wal_checkpoint_v2(db_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (is_fatal(code, system_errno_of(db_))) {
    stop_after(sqlite_error(db_, code, path_, "move the log into the file"));
    return;
  }
  const std::int64_t bytes = std::int64_t{pages} * page_bytes;
  if (bytes >= log_bytes_worth_a_warning && log_too_long_) std::exchange(log_too_long_, nullptr)(bytes);
}

// SQLite waits for readers here, but never for the lock of checkpoints: whoever is the first to open a log
// holds that one too while it reads the log through.
bool Connection::empty_log() {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds{busy_timeout_ms};
  while (true) {
    const int code = sqlite3_wal_checkpoint_v2(db_, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    if (code == SQLITE_OK) return true;
    if ((code & 0xff) != SQLITE_BUSY) raise(code, "move the log into the file");
    if (std::chrono::steady_clock::now() > deadline) return false;
    sqlite3_sleep(checkpoint_retry_ms);
  }
}

void Connection::prepare_for_writing() {
  // The page size holds only when it is set before the file's first page and before WAL.
  execute("PRAGMA page_size = 8192", "set the page size");
  if (access_ == Access::owner) {
    expect("PRAGMA journal_mode = WAL", "wal");
    expect("PRAGMA page_size", "8192");
  }
  execute(
      "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = OFF;"
      "PRAGMA cell_size_check = ON; PRAGMA cache_size = -2048; PRAGMA temp_store = MEMORY;",
      "configure");
  expect("PRAGMA synchronous", "2");
  expect("PRAGMA foreign_keys", "1");
  expect("PRAGMA secure_delete", "0");
  expect("PRAGMA cell_size_check", "1");
  expect("PRAGMA trusted_schema", "0");
}

void Connection::expect(Sql sql, std::string_view value) {
  const std::string answered = pragma(sql);
  if (answered == value) return;
  fail(ErrorKind::storage,
       fmt::format("store {}: {} answers '{}' instead of '{}'", path_, sql.text(), answered, value),
       "The file system may not support what SQLite needs (shared memory, locks). Put the store on a local "
       "disk.");
}

// To its end: a pragma that changes the file answers before it commits, and the commit can fail.
std::string Connection::pragma(Sql sql) {
  Statement statement = query(sql);
  if (!statement.next()) return {};
  std::string answer = statement.string(0);
  while (statement.next()) {
  }
  return answer;
}

void Connection::execute(const char* script, std::string_view doing) {
  if (stopped_) throw StoreFailure{*stopped_};
  check(sqlite3_exec(db_, script, nullptr, nullptr, nullptr), doing);
}

sqlite3_stmt* Connection::prepared(Sql sql) {
  if (stopped_) throw StoreFailure{*stopped_};
  auto& kept = statements_[sql.text()];
  if (!kept) {
    sqlite3_stmt* fresh = nullptr;
    check(sqlite3_prepare_v3(db_, sql.text(), -1, SQLITE_PREPARE_PERSISTENT, &fresh, nullptr), "read");
    kept.reset(fresh);
  }
  return kept.get();
}

bool Connection::in_transaction() const { return sqlite3_get_autocommit(db_) == 0; }

std::int64_t Connection::last_insert_id() const { return sqlite3_last_insert_rowid(db_); }

int Connection::changed() const { return sqlite3_changes(db_); }

bool Connection::is_in_place() const {
  int has_moved = 0;
  sqlite3_file_control(db_, "main", SQLITE_FCNTL_HAS_MOVED, &has_moved);
  return has_moved == 0;
}

void Connection::stop(Error error) {
  stopped_ = std::move(error);
  checkpoint_on_close(false);
}

void Connection::stop_after(const Error& error) {
  stop({ErrorKind::storage_lost, error.message + "; nothing more is recorded until a restart", error.hint});
}

void Connection::check(int code, std::string_view doing) {
  if (code != SQLITE_OK) raise(code, doing);
}

void Connection::raise(int code, std::string_view doing) {
  const Error error = sqlite_error(db_, code, path_, doing);
  if (!is_fatal(code, system_errno_of(db_))) throw StoreFailure{error};
  stop_after(error);
  throw StoreFailure{{ErrorKind::storage_lost, error.message, error.hint}};
}

Transaction::Transaction(Connection& connection, Kind kind) : connection_(connection), kind_(kind) {
  // IMMEDIATE: a transaction that reads first and writes later could fail for what another wrote in between.
  kind_ == Kind::whole ? connection_.run("BEGIN IMMEDIATE") : connection_.run("SAVEPOINT verb");
}

Transaction::~Transaction() {
  // SQLite may have rolled the whole transaction back by itself (disk full, I/O error).
  if (!open_ || !connection_.in_transaction() || connection_.is_stopped()) return;
  try {
    if (kind_ == Kind::whole) {
      connection_.run("ROLLBACK");
    } else {
      connection_.run("ROLLBACK TO verb");
      connection_.run("RELEASE verb");
    }
  } catch (const StoreFailure&) {
    // What made us roll back is on its way to the caller, and an open transaction ends with the connection.
  }
}

void Transaction::commit() {
  kind_ == Kind::whole ? connection_.run("COMMIT") : connection_.run("RELEASE verb");
  open_ = false;
}

}  // namespace sluice
