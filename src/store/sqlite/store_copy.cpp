// SPDX-License-Identifier: MIT
#include "store/sqlite/store_copy.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "store/sqlite/sqlite_error.hpp"
#include "store/sqlite/store_failure.hpp"
#include "store/sqlite/store_file.hpp"

namespace sluice {
namespace {

[[noreturn]] void fail_at(const std::string& path, std::string_view doing) {
  const int error = errno;
  fail(ErrorKind::storage, fmt::format("cannot {} {}: {}", doing, path, std::strerror(error)),
       error == ENOSPC || error == EDQUOT ? "The disk is full: free some space first."
                                          : "Check the owner and the mode of the folder, or name another.");
}

std::string create_beside(const std::string& target) {
  std::string path = target + ".copying-XXXXXX";
  const int file = ::mkostemp(path.data(), O_CLOEXEC);  // with mode 0600
  if (file < 0) fail_at(target, "create a copy beside");
  ::close(file);
  return path;
}

// In one step: in several, a writer in another process would have it begin anew each time. It reads one
// snapshot, so that writer need not wait; only its log is not cut back meanwhile.
void transfer(Connection& from, Connection& to) {
  sqlite3_backup* copying = sqlite3_backup_init(to.handle(), "main", from.handle(), "main");
  const bool has_begun = copying != nullptr;
  const int stepped = has_begun ? sqlite3_backup_step(copying, -1) : sqlite3_errcode(to.handle());
  const int finished = has_begun ? sqlite3_backup_finish(copying) : stepped;
  if (stepped == SQLITE_DONE && finished == SQLITE_OK) return;
  const int code = stepped == SQLITE_DONE ? finished : stepped;
  throw StoreFailure{sqlite_error(to.handle(), code, from.path(), fmt::format("copy it to {}", to.path()))};
}

void require_sound(Connection& copy, const Connection& from) {
  if (copy.pragma("PRAGMA quick_check(1)") == "ok") return;
  fail(ErrorKind::storage, fmt::format("store {} is damaged, and so is a copy of it", from.path()),
       next_step_after_damage(from.path()));
}

void sync_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) fail_at(path, "open");
  const int error = ::fsync(file) == 0 ? 0 : errno;
  ::close(file);
  errno = error;
  if (error != 0) fail_at(path, "sync");
}

void fill(const std::string& path, Connection& from) {
  Connection copy{path, Connection::Access::owner};
  // Nobody sees it before it is whole, and the disk is asked once, at the end.
  copy.execute("PRAGMA synchronous = OFF", "configure");
  transfer(from, copy);
  // One file, so that who copies it further need not know of a log beside it.
  copy.pragma("PRAGMA journal_mode = DELETE");
  require_sound(copy, from);
}

/// As the system renames, or as well as it can where it knows no rename that replaces nothing.
bool rename_to_free_name(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno != EINVAL && errno != ENOSYS) return false;
  struct stat taken{};
  if (::lstat(to.c_str(), &taken) == 0) {
    errno = EEXIST;
    return false;
  }
  return std::rename(from.c_str(), to.c_str()) == 0;
}

void remove_all_of(const std::string& path) {
  constexpr std::array<const char*, 4> files{"", "-journal", "-wal", "-shm"};
  for (const char* suffix : files) ::unlink((path + suffix).c_str());
}

}  // namespace

StoreCopy::StoreCopy(Connection& from, const std::string& target)
    : target_(target), path_(create_beside(target)) {
  try {
    fill(path_, from);
    // SQLite has closed it: before, closing a descriptor of ours would have dropped its locks.
    sync_file(path_);
  } catch (const StoreFailure&) {
    remove_all_of(path_);
    throw;
  }
}

StoreCopy::~StoreCopy() {
  if (!path_.empty()) remove_all_of(path_);
}

void StoreCopy::put_in_place(Taken taken) {
  const bool is_named = taken == Taken::replace ? std::rename(path_.c_str(), target_.c_str()) == 0
                                                : rename_to_free_name(path_, target_);
  if (!is_named && errno == EEXIST) {
    fail(ErrorKind::refused, fmt::format("{} has just been made by somebody else", target_),
         "Name another file.");
  }
  if (!is_named) fail_at(target_, "give the copy its name,");
  path_.clear();
  sync_folder(std::filesystem::path{target_}.parent_path().string());
}

std::int64_t StoreCopy::bytes() const {
  struct stat found{};
  return ::stat((path_.empty() ? target_ : path_).c_str(), &found) == 0 ? std::int64_t{found.st_size} : 0;
}

}  // namespace sluice
