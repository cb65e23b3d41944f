// SPDX-License-Identifier: MIT
// SQLite without the store in between: to look at what is in the file, and to do to it what the store never
// would.
#pragma once

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <string>

namespace sluice::store_tests {

class RawSqlite {
 public:
  explicit RawSqlite(const std::string& path) {
    REQUIRE(sqlite3_open_v2(path.c_str(), &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr) ==
            SQLITE_OK);
    sqlite3_busy_timeout(db_, 2000);
  }
  ~RawSqlite() { sqlite3_close_v2(db_); }
  RawSqlite(const RawSqlite&) = delete;
  RawSqlite& operator=(const RawSqlite&) = delete;

  void run(const std::string& sql) {
    const std::string error = error_of(sql);
    INFO(sql);
    CHECK(error == "");
  }

  /// What SQLite says against it; empty if nothing.
  std::string error_of(const std::string& sql) {
    char* message = nullptr;
    sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, &message);
    const std::string error = message == nullptr ? "" : message;
    sqlite3_free(message);
    return error;
  }

  /// The first column of the first row.
  std::string value(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    INFO(sql);
    REQUIRE(sqlite3_prepare_v2(db_, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK);
    std::string text;
    if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL) {
      text = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
    }
    sqlite3_finalize(statement);
    return text;
  }

 private:
  sqlite3* db_ = nullptr;
};

}  // namespace sluice::store_tests
