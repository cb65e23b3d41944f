// SPDX-License-Identifier: MIT
// One connection to the database file, its prepared statements and its transactions. One process has one that
// writes and checkpoints; all others read. Failures are StoreFailure.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "sluice/core/result.hpp"
#include "store/sqlite/statement.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace sluice {

class Connection {
 public:
  enum class Access {
    owner,   ///< reads and writes
    reader,  ///< reads only, never checkpoints
    memory,  ///< a database of its own, gone with the connection
  };

  Connection(std::string path, Access access);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Sets what the owner relies on (WAL, a sync for each commit, foreign keys …) and checks that SQLite took
  /// it. Changes the file, so not before it is known to be ours.
  void prepare_for_writing();
  /// Lets the last checkpoint happen at close. Until then, closing leaves the file as it is.
  void checkpoint_on_close(bool wanted);

  /// Moves the whole log into the database, durably. @return false: somebody holds it, and did so for seconds
  bool empty_log();

  /// Moves the log into the database after a commit that leaves it long. A reader that stays can keep it from
  /// being moved: once it has grown beyond all reason, `too_long` is called with its bytes, one time.
  void keep_log_short(std::function<void(std::int64_t)> too_long);

  /// A statement, prepared once and kept, with its parameters bound in order.
  template <class... Values>
  Statement query(Sql sql, const Values&... values) {
    return Statement{*this, prepared(sql), values...};
  }
  /// For a statement that returns no rows. @return how many rows it changed
  template <class... Values>
  int run(Sql sql, const Values&... values);

  /// A script that is run once: a migration, a pragma.
  void execute(const char* script, std::string_view doing);
  std::string pragma(Sql sql);

  /// For what SQLite has settings of its own.
  sqlite3* handle() const { return db_; }

  bool in_transaction() const;
  const std::string& path() const { return path_; }
  /// Whether the path still leads to the file that was opened.
  bool is_in_place() const;

  bool is_stopped() const { return stopped_.has_value(); }
  /// What stopped it: from then on it refuses everything, and leaves the file as it is.
  const std::optional<Error>& stopped_by() const { return stopped_; }
  void stop(Error error);
  /// After an error that leaves the disk's content unknown.
  void stop_after(const Error& error);
  std::int64_t last_insert_id() const;

  void check(int code, std::string_view doing);
  /// Reports the code; after a fatal one the connection refuses everything from now on.
  [[noreturn]] void raise(int code, std::string_view doing);

 private:
  friend class Statement;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };

  sqlite3_stmt* prepared(Sql sql);
  void log_grew(int pages);
  void expect(Sql sql, std::string_view value);
  int changed() const;

  std::string path_;
  Access access_;
  sqlite3* db_ = nullptr;
  std::unordered_map<const char*, std::unique_ptr<sqlite3_stmt, Finalize>> statements_;
  std::optional<Error> stopped_;
  std::function<void(std::int64_t)> log_too_long_;
};

/// A transaction, or a savepoint inside one. What is not committed is rolled back.
class Transaction {
 public:
  enum class Kind { whole, part };
  Transaction(Connection& connection, Kind kind);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  void commit();

 private:
  Connection& connection_;
  Kind kind_;
  bool open_ = true;
};

template <class... Values>
int Connection::run(Sql sql, const Values&... values) {
  Statement statement{*this, prepared(sql), values...};
  while (statement.next()) {
  }
  return changed();
}

}  // namespace sluice
