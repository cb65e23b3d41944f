// SPDX-License-Identifier: MIT
#include "store/sqlite/store_place.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/stat.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "store/sqlite/store_failure.hpp"
#include "store/sqlite/store_file.hpp"

namespace sluice {
namespace {

struct FileSystem {
  std::uint32_t magic;
  std::string_view name;
};

// One host's locks may be unknown to another, or memory that is mapped here may be stale there, and then two
// processes own one store. overlayfs is not among them, although it is a file system over others: the owner
// opens the file to write, so it is in the upper layer, an ordinary local file.
constexpr std::array unreliable{
    FileSystem{0x6969, "NFS"},        FileSystem{0x517B, "SMB"},       FileSystem{0xFF534D42, "CIFS"},
    FileSystem{0xFE534D42, "SMB2"},   FileSystem{0x65735546, "FUSE"},  FileSystem{0x01021997, "9p"},
    FileSystem{0x5346414F, "AFS"},    FileSystem{0x6B414653, "AFS"},   FileSystem{0x73757245, "Coda"},
    FileSystem{0x564C, "NCP"},        FileSystem{0x00C36400, "Ceph"},  FileSystem{0x0BD00BD0, "Lustre"},
    FileSystem{0x47504653, "GPFS"},   FileSystem{0x7461636F, "OCFS2"}, FileSystem{0x786F4256, "vboxsf"},
    FileSystem{0x19830326, "BeeGFS"},
};

std::string folder_of(const std::string& path) { return std::filesystem::path{path}.parent_path().string(); }

void require_local(const std::string& path) {
  struct statfs found{};
  if (statfs(folder_of(path).c_str(), &found) != 0) return;  // what is wrong there, opening it will tell
  const std::optional<std::string_view> name =
      unreliable_file_system(static_cast<std::int64_t>(static_cast<std::uint32_t>(found.f_type)));
  if (!name) return;
  fail(ErrorKind::refused,
       fmt::format("store {} is on {}, a file system on which locks cannot be relied on: two processes could "
                   "send the same command",
                   path, *name),
       "Put it on a local disk with --store PATH. If you know that no other host can reach it, set "
       "SLUICE_ALLOW_NETWORK_STORE=1.");
}

// Each name would have a lock of its own.
void require_one_name(const std::string& path) {
  struct statx found{};
  if (statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, STATX_NLINK, &found) != 0) return;
  if (found.stx_nlink > 1) {
    fail(ErrorKind::refused,
         fmt::format("store {} has {} names (hard links), and a process that uses another one would not be "
                     "noticed",
                     path, found.stx_nlink),
         fmt::format("Remove the other names; this finds them: find / -xdev -samefile '{}'", path));
  }
  if ((found.stx_attributes & found.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0) {
    fail(ErrorKind::refused,
         fmt::format(
             "store {} is mounted as a single file, and a process that uses it by its other name would "
             "not be noticed",
             path),
         "Mount the folder that it is in instead.");
  }
}

[[noreturn]] void refuse_access(const std::string& path, std::string_view what, int error) {
  struct stat found{};
  std::string who;
  if (stat(path.c_str(), &found) == 0) {
    who = fmt::format(" (mode {:04o}, owner {}; this process is user {})", found.st_mode & 07777,
                      found.st_uid, geteuid());
  }
  fail(ErrorKind::storage, fmt::format("store: cannot {} {}: {}{}", what, path, std::strerror(error), who),
       next_step_after(error));
}

void require_access(const std::string& path) {
  if (faccessat(AT_FDCWD, path.c_str(), R_OK | W_OK, AT_EACCESS) != 0 && errno != ENOENT) {
    refuse_access(path, "read and write", errno);
  }
  const std::string folder = folder_of(path);
  if (faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
    refuse_access(folder, "create files in", errno);
  }
}

}  // namespace

std::optional<std::string_view> unreliable_file_system(std::int64_t magic) {
  for (const FileSystem& known : unreliable) {
    if (known.magic == magic) return known.name;
  }
  return std::nullopt;
}

void require_safe_place(const std::string& path, bool is_network_allowed) {
  if (!is_network_allowed) require_local(path);
  require_one_name(path);
  require_access(path);
}

}  // namespace sluice
