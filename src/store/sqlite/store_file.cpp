// SPDX-License-Identifier: MIT
#include "store/sqlite/store_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "store/sqlite/store_failure.hpp"

namespace sluice {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail_at(const fs::path& path, std::string_view doing, int error) {
  fail(ErrorKind::storage, fmt::format("store: cannot {} {}: {}", doing, path.string(), std::strerror(error)),
       next_step_after(error));
}

void create_folders(const fs::path& folder) {
  std::error_code ignored;
  if (folder.empty() || fs::is_directory(folder, ignored)) return;
  if (folder != folder.parent_path()) create_folders(folder.parent_path());
  if (mkdir(folder.c_str(), S_IRWXU) == 0) {
    sync_folder(folder.parent_path().string());
  } else if (errno != EEXIST) {
    fail_at(folder, "create the folder", errno);
  }
}

/// A name that leads nowhere is not a store that is yet to be made: where it led, one may have been.
void refuse_dangling_link(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_symlink(fs::symlink_status(path, ignored))) return;
  if (fs::status(path, ignored).type() != fs::file_type::not_found) return;
  fail(ErrorKind::invalid_input,
       fmt::format("store: {} is a symbolic link to {}, and nothing is there", path.string(),
                   fs::read_symlink(path, ignored).string()),
       "Put back what it leads to, or choose another store with --store PATH.");
}

/// At a pipe, opening would wait for ever; a device keeps nothing.
void refuse_unless_regular(const fs::path& real) {
  std::error_code error;
  const fs::file_type type = fs::status(real, error).type();
  if (type == fs::file_type::regular || type == fs::file_type::not_found) return;
  if (type == fs::file_type::none || type == fs::file_type::unknown) fail_at(real, "look at", error.value());
  fail(ErrorKind::invalid_input,
       fmt::format("store: {} is {}", real.string(),
                   type == fs::file_type::directory ? "a folder" : "no regular file"),
       "Name a file with --store PATH.");
}

}  // namespace

std::string next_step_after(int system_errno) {
  if (system_errno == ENOSPC || system_errno == EDQUOT || system_errno == EFBIG) {
    return "The disk is full: free some space first. What was recorded is kept.";
  }
  return "Check the owner and the mode of the folder, or choose another store with --store PATH.";
}

void sync_folder(const std::string& path) {
  const int folder = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) fail_at(path, "open the folder", errno);
  const int error = fsync(folder) == 0 ? 0 : errno;
  close(folder);
  if (error != 0) fail_at(path, "sync the folder", error);
}

std::string existing_path(const std::string& path) {
  refuse_dangling_link(path);
  std::error_code error;
  const fs::path real = fs::weakly_canonical(fs::absolute(path), error);
  if (error) fail_at(path, "resolve", error.value());
  refuse_unless_regular(real);
  return real.string();
}

std::string prepare_path(const std::string& path) {
  create_folders(fs::absolute(path).parent_path());
  return existing_path(path);
}

void create_if_missing(const std::string& path) {
  // An existing file is not opened here: closing it would drop the locks that a reader in this process has on
  // it.
  if (access(path.c_str(), F_OK) == 0) return;
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) fail_at(path, "create", errno);
  close(file);
  sync_folder(fs::path{path}.parent_path().string());
}

bool is_missing_or_empty(const std::string& path) {
  struct stat found{};
  if (stat(path.c_str(), &found) != 0) return errno == ENOENT;
  return found.st_size == 0;
}

}  // namespace sluice
