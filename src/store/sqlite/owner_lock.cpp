// SPDX-License-Identifier: MIT
// An "open file description" lock: it belongs to our descriptor, not to the process, so it also holds against
// a second store in the same process, and closing some other descriptor of the file does not drop it.
#include "store/sqlite/owner_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>

#include "sluice/core/mutation.hpp"
#include "store/sqlite/store_failure.hpp"

namespace sluice {
namespace {

struct flock whole_file(short type) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

std::string lock_path(const std::string& store_path) { return store_path + ".lock"; }

/// The owner's process id as the lock file says; anybody may have written there, so digits only.
std::string owner_named_in(int descriptor) {
  std::array<char, 16> text{};
  const ssize_t length = pread(descriptor, text.data(), text.size(), 0);
  std::string digits;
  for (ssize_t i = 0;
       i < length && std::isdigit(static_cast<unsigned char>(text[static_cast<std::size_t>(i)])); ++i) {
    digits += text[static_cast<std::size_t>(i)];
  }
  return digits.empty() ? "unknown" : digits;
}

}  // namespace

OwnerLock::OwnerLock(const std::string& store_path) : path_(lock_path(store_path)) {
  descriptor_ = open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
  if (descriptor_ < 0) {
    fail(ErrorKind::storage,
         fmt::format("store {}: cannot open its lock file {}: {}", store_path, path_, std::strerror(errno)),
         "Check the owner and the mode of the folder, or choose another store with --store PATH.");
  }

  struct flock lock = whole_file(F_WRLCK);
  if (fcntl(descriptor_, F_OFD_SETLK, &lock) != 0 && !is_seeded(Mutation::lock_ignored)) {
    const int error = errno;
    const std::string owner = owner_named_in(descriptor_);
    close(descriptor_);
    if (error == EAGAIN || error == EACCES) {
      fail(ErrorKind::refused, fmt::format("store {} is in use by process {}", store_path, owner),
           "Wait for that process to end or stop it. To look only, use status, list or results.");
    }
    fail(ErrorKind::storage,
         fmt::format("store {}: cannot lock {}: {}", store_path, path_, std::strerror(error)),
         "The file system may not support locks. Put the store on a local disk.");
  }

  if (!is_in_place()) {
    close(descriptor_);
    fail(ErrorKind::refused,
         fmt::format("store {}: its lock file {} was removed just now", store_path, path_),
         "Leave that file alone and try again.");
  }

  // For people only, so a disk that is full or refuses is no reason to fail.
  const std::string text = std::to_string(getpid()) + "\n";
  [[maybe_unused]] const bool named =
      ftruncate(descriptor_, 0) == 0 && pwrite(descriptor_, text.data(), text.size(), 0) > 0;
}

// The file stays: removing it would let two processes lock two files of the same name.
OwnerLock::~OwnerLock() { close(descriptor_); }

bool OwnerLock::is_in_place() const {
  struct stat ours{};
  struct stat there{};
  return fstat(descriptor_, &ours) == 0 && lstat(path_.c_str(), &there) == 0 && ours.st_ino == there.st_ino &&
         ours.st_dev == there.st_dev;
}

bool OwnerLock::is_held(const std::string& store_path) {
  const int descriptor = open(lock_path(store_path).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (descriptor < 0) return false;
  struct flock lock = whole_file(F_WRLCK);
  const bool asked = fcntl(descriptor, F_OFD_GETLK, &lock) == 0;
  close(descriptor);
  return asked && lock.l_type != F_UNLCK;
}

}  // namespace sluice
