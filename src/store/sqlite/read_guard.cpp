// SPDX-License-Identifier: MIT
#include "store/sqlite/read_guard.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace sluice {
namespace {

// Instructions of SQLite's machine between two looks at the clock: some ten microseconds.
constexpr int instructions_per_look = 1'000;

// A job file is the longest text that the record has, and no statement of ours is as large as these.
constexpr std::array<std::pair<int, int>, 10> limits{{{SQLITE_LIMIT_LENGTH, 64 * 1024 * 1024},
                                                      {SQLITE_LIMIT_SQL_LENGTH, 64 * 1024},
                                                      {SQLITE_LIMIT_COLUMN, 100},
                                                      {SQLITE_LIMIT_EXPR_DEPTH, 50},
                                                      {SQLITE_LIMIT_COMPOUND_SELECT, 4},
                                                      {SQLITE_LIMIT_VDBE_OP, 10'000},
                                                      {SQLITE_LIMIT_ATTACHED, 0},
                                                      {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 128},
                                                      {SQLITE_LIMIT_VARIABLE_NUMBER, 32},
                                                      {SQLITE_LIMIT_WORKER_THREADS, 0}}};

constexpr std::array<std::string_view, 5> functions{"coalesce", "count", "max", "min", "sum"};

/// Asked without a value, these tell of the file and change nothing.
constexpr std::array<std::string_view, 3> pragmas{"freelist_count", "page_count", "page_size"};

template <std::size_t Size>
bool is_among(const char* word, const std::array<std::string_view, Size>& words) {
  return word != nullptr && std::ranges::find(words, std::string_view{word}) != words.end();
}

/// For SQLite: may a statement that is being prepared do this?
int authorize(void* /*context*/, int action, const char* first, const char* second, const char* /*database*/,
              const char* /*trigger*/) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_TRANSACTION:
      return SQLITE_OK;
    case SQLITE_FUNCTION:
      return is_among(second, functions) ? SQLITE_OK : SQLITE_DENY;
    case SQLITE_PRAGMA:
      return second == nullptr && is_among(first, pragmas) ? SQLITE_OK : SQLITE_DENY;
    default:
      return SQLITE_DENY;
  }
}

}  // namespace

ReadGuard::ReadGuard(Connection& connection) : connection_(connection) {
  for (const auto& [limit, value] : limits) sqlite3_limit(connection_.handle(), limit, value);
  sqlite3_set_authorizer(connection_.handle(), authorize, nullptr);
  sqlite3_progress_handler(
      connection_.handle(), instructions_per_look,
      [](void* self) { return static_cast<const ReadGuard*>(self)->is_over() ? 1 : 0; }, this);
}

ReadGuard::~ReadGuard() { sqlite3_progress_handler(connection_.handle(), 0, nullptr, nullptr); }

void ReadGuard::give_time(std::chrono::milliseconds time) {
  deadline_ = std::chrono::steady_clock::now() + time;
}

bool ReadGuard::is_over() const { return deadline_ && std::chrono::steady_clock::now() > *deadline_; }

}  // namespace sluice
