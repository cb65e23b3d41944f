// SPDX-License-Identifier: MIT
// One use of a prepared statement: bound, stepped, read, and reset at the end. Failures are StoreFailure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/core/chunk.hpp"
#include "sluice/core/ids.hpp"
#include "sluice/core/outcome.hpp"
#include "sluice/core/run.hpp"
#include "sluice/core/time.hpp"

struct sqlite3_stmt;

namespace sluice {

class Connection;

/// The text of a statement. Only a literal can be one, so no value can ever become part of it.
class Sql {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): a literal should read as what it is.
  consteval Sql(const char* literal) : text_(literal) {}
  const char* text() const { return text_; }

 private:
  const char* text_;
};

class Statement {
 public:
  Statement(Connection& connection, sqlite3_stmt* prepared);
  /// With its parameters bound in order.
  template <class First, class... Rest>
  Statement(Connection& connection, sqlite3_stmt* prepared, const First& first, const Rest&... rest)
      : Statement(connection, prepared) {
    int index = 0;
    bind(++index, first);
    (bind(++index, rest), ...);
  }
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // Parameters count from 1.
  void bind(int index, std::int64_t value);
  void bind(int index, int value) { bind(index, std::int64_t{value}); }
  void bind(int index, double value);
  void bind(int index, std::string_view value);
  void bind(int index, const std::string& value) { bind(index, std::string_view{value}); }
  void bind(int index, const char* value) { bind(index, std::string_view{value}); }
  void bind(int index, UtcTime value) { bind(index, to_microseconds(value)); }
  void bind(int index, RunId value) { bind(index, value.value); }
  void bind(int index, ChunkId value) { bind(index, value.value); }
  void bind(int index, AttemptId value) { bind(index, value.value); }
  void bind(int index, ChunkState value) { bind(index, to_string(value)); }
  void bind(int index, Evidence value) { bind(index, to_string(value)); }
  void bind(int index, RunControl value) { bind(index, to_string(value)); }
  void bind(int index, ControlCause value) { bind(index, to_string(value)); }
  void bind(int index, RunPurpose value) { bind(index, to_string(value)); }
  void bind(int index, ArgumentsId value) { bind(index, value.value); }
  void bind(int index, ScheduleId value) { bind(index, value.value); }
  void bind(int index, TickId value) { bind(index, value.value); }
  void bind(int index, std::chrono::microseconds value) { bind(index, std::int64_t{value.count()}); }
  void bind(int index, OutcomeKind value) { bind(index, to_string(value)); }
  void bind_null(int index);
  template <class T>
  void bind(int index, const std::optional<T>& value) {
    value ? bind(index, *value) : bind_null(index);
  }

  /// @return whether there is a (further) row
  bool next();

  // Columns of the row, counting from 0. A text lives until the next step.
  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  int small_integer(int column) const { return static_cast<int>(integer(column)); }
  double real(int column) const;
  std::string_view text(int column) const;
  std::string string(int column) const { return std::string{text(column)}; }
  UtcTime time(int column) const { return from_microseconds(integer(column)); }
  std::optional<UtcTime> maybe_time(int column) const;

 private:
  Connection& connection_;
  sqlite3_stmt* prepared_;
};

}  // namespace sluice
