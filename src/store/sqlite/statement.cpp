// SPDX-License-Identifier: MIT
#include "store/sqlite/statement.hpp"

#include <sqlite3.h>

#include <stdexcept>

#include "store/sqlite/connection.hpp"

namespace sluice {

Statement::Statement(Connection& connection, sqlite3_stmt* prepared)
    : connection_(connection), prepared_(prepared) {
  if (sqlite3_stmt_busy(prepared_) != 0) throw std::logic_error("a statement is used inside its own use");
}

Statement::~Statement() {
  // The error of the last step, if there was one, has been reported by next().
  sqlite3_reset(prepared_);
  sqlite3_clear_bindings(prepared_);
}

void Statement::bind(int index, std::int64_t value) {
  connection_.check(sqlite3_bind_int64(prepared_, index, value), "bind a number");
}

void Statement::bind(int index, double value) {
  connection_.check(sqlite3_bind_double(prepared_, index, value), "bind a number");
}

void Statement::bind(int index, std::string_view value) {
  // A null pointer would be bound as NULL, not as the empty text.
  const char* begin = value.data() == nullptr ? "" : value.data();
  connection_.check(sqlite3_bind_text64(prepared_, index, begin, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8),
                    "bind a text");
}

void Statement::bind_null(int index) {
  connection_.check(sqlite3_bind_null(prepared_, index), "bind nothing");
}

bool Statement::next() {
  const int code = sqlite3_step(prepared_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  // SQLite calls COMMIT read-only, because the changes are other statements'; but it is COMMIT that writes
  // them.
  const bool reads = sqlite3_stmt_readonly(prepared_) != 0 && sqlite3_column_count(prepared_) > 0;
  connection_.raise(code, reads ? "read" : "write");
}

bool Statement::is_null(int column) const { return sqlite3_column_type(prepared_, column) == SQLITE_NULL; }

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(prepared_, column); }

double Statement::real(int column) const { return sqlite3_column_double(prepared_, column); }

std::string_view Statement::text(int column) const {
  const auto* begin = reinterpret_cast<const char*>(sqlite3_column_text(prepared_, column));
  if (begin == nullptr) return {};
  return {begin, static_cast<std::size_t>(sqlite3_column_bytes(prepared_, column))};
}

std::optional<UtcTime> Statement::maybe_time(int column) const {
  if (is_null(column)) return std::nullopt;
  return time(column);
}

}  // namespace sluice
