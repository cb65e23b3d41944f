// SPDX-License-Identifier: MIT
#include "store/sqlite/sqlite_error.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>
#include <cstring>

#include "store/sqlite/store_file.hpp"

namespace sluice {
namespace {

bool is_out_of_space(int code, int system_errno) {
  const bool disk_trouble = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;
  return (code & 0xff) == SQLITE_FULL ||
         (disk_trouble && (system_errno == ENOSPC || system_errno == EDQUOT || system_errno == EFBIG));
}

std::string next_step(int code, int system_errno, const std::string& path) {
  if (is_out_of_space(code, system_errno)) {
    return next_step_after(ENOSPC);
  }
  switch (code & 0xff) {
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return "Check the owner and the mode of the file and of its folder, or choose another with --store "
             "PATH.";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "Another program holds the file. Close it (a database browser, a backup) and try again.";
    case SQLITE_INTERRUPT:
      return "It took longer than a question may. Ask for less at a time: a filter, a smaller limit.";
    case SQLITE_NOTADB:
      return "This file is not a store. Choose another with --store PATH.";
    case SQLITE_CORRUPT:
      return next_step_after_damage(path);
    case SQLITE_IOERR:
      return "The disk reported an error. Check the disk, then restart to recover.";
    case SQLITE_NOMEM:
      return "There is no memory left. End other programs or raise the limit, then go on: what was recorded "
             "is kept.";
    default:
      return fmt::format(
          "This is a mistake in sluice, or the file is damaged; this tells: sqlite3 '{}' 'PRAGMA "
          "integrity_check'. If it says ok, please report it.",
          path);
  }
}

ErrorKind kind_of(int code) {
  switch (code & 0xff) {
    case SQLITE_ERROR:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISUSE:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
      return ErrorKind::unexpected;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_INTERRUPT:
      return ErrorKind::storage_busy;
    default:
      return ErrorKind::storage;
  }
}

// SQLite's own message names the table or the constraint; it is shown only for mistakes of ours, since with a
// damaged file it would quote the file.
std::string reason(sqlite3* db, int code, int system_errno) {
  if (kind_of(code) == ErrorKind::unexpected && db != nullptr) return sqlite3_errmsg(db);
  std::string text = sqlite3_errstr(code & 0xff);
  if (system_errno != 0) text += fmt::format(": {}", std::strerror(system_errno));
  return text;
}

}  // namespace

std::string next_step_after_damage(const std::string& path) {
  return fmt::format("The file is damaged. Restore a backup, or save what can be read: sqlite3 '{}' .recover",
                     path);
}

int system_errno_of(sqlite3* db) {
  if (const int known = sqlite3_system_errno(db); known != 0) return known;
  // When it is a commit's write that fails, SQLite keeps the number with the log's file alone.
  sqlite3_file* log = nullptr;
  sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  int number = 0;
  if (log != nullptr && log->pMethods != nullptr) {
    log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &number);
  }
  return number;
}

Error sqlite_error(sqlite3* db, int code, const std::string& path, std::string_view doing) {
  const int primary = code & 0xff;
  const bool from_the_system = primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN;
  const int system_errno = db != nullptr && from_the_system ? system_errno_of(db) : 0;
  return Error{
      kind_of(code),
      fmt::format("store {}: cannot {}: {} (SQLite {})", path, doing, reason(db, code, system_errno), code),
      next_step(code, system_errno, path)};
}

bool is_fatal(int extended_code, int system_errno) {
  switch (extended_code) {
    case SQLITE_IOERR_FSYNC:
    case SQLITE_IOERR_DIR_FSYNC:
    case SQLITE_IOERR_TRUNCATE:
      return true;
    default:
      break;
  }
  const int primary = extended_code & 0xff;
  if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB) return true;
  return primary == SQLITE_IOERR && !is_out_of_space(extended_code, system_errno);
}

}  // namespace sluice
