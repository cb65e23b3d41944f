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
       "Check the owner and the mode of the folder, or choose another store with --store PATH.");
}

void create_folders(const fs::path& folder) {
  std::error_code ignored;
  if (folder.empty() || fs::is_directory(folder, ignored)) return;
  if (folder != folder.parent_path()) create_folders(folder.parent_path());
  if (mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST) fail_at(folder, "create the folder", errno);
}

// The file's name must outlive a power cut, or everything in it would be lost with it.
void sync_folder(const fs::path& path) {
  const int folder = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) fail_at(path, "open the folder", errno);
  const int error = fsync(folder) == 0 ? 0 : errno;
  close(folder);
  if (error != 0) fail_at(path, "sync the folder", error);
}

}  // namespace

std::string existing_path(const std::string& path) {
  std::error_code error;
  const fs::path real = fs::weakly_canonical(fs::absolute(path), error);
  if (error) fail_at(path, "resolve", error.value());
  if (fs::is_directory(real, error)) {
    fail(ErrorKind::invalid_input, fmt::format("store: {} is a folder", real.string()),
         "Name a file with --store PATH.");
  }
  return real.string();
}

std::string prepare_path(const std::string& path) {
  create_folders(fs::absolute(path).parent_path());
  return existing_path(path);
}

const std::string& create_if_missing(const std::string& path) {
  // An existing file is not opened here: closing it would drop the locks that a reader in this process has on
  // it.
  if (access(path.c_str(), F_OK) == 0) return path;
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) fail_at(path, "create", errno);
  close(file);
  sync_folder(fs::path{path}.parent_path());
  return path;
}

}  // namespace sluice
