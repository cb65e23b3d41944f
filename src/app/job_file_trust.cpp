// SPDX-License-Identifier: MIT
#include "app/job_file_trust.hpp"

#include <fmt/format.h>

#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

constexpr uid_t root = 0;

Error untrusted(const std::string& what, const std::string& hint) {
  return {ErrorKind::refused, what, hint + " Whoever can change a job file commands the devices."};
}

}  // namespace

Result<void> check_job_file_rights(const std::string& file, const struct stat& status,
                                   const struct stat& folder, uid_t own) {
  const std::string name = printable(file, 512);
  if ((status.st_mode & S_IWOTH) != 0)
    return untrusted(fmt::format("anybody may write the job file {}", name),
                     fmt::format("Take that right away: chmod o-w {}.", name));
  // Only a member of a group can give a file to it, so such a file is from one who may write into the folder.
  const bool is_of_trusted_group = (folder.st_mode & S_IWGRP) != 0 && status.st_gid == folder.st_gid;
  if (is_of_trusted_group) return {};
  if ((status.st_mode & S_IWGRP) != 0)
    return untrusted(
        fmt::format("group {} may write the job file {}, and not into its folder", status.st_gid, name),
        fmt::format("Take that right away: chmod g-w {}.", name));
  if (status.st_uid == own || status.st_uid == root || status.st_uid == folder.st_uid) return {};
  return untrusted(fmt::format("the job file {} belongs to user {}, who may not write into its folder", name,
                               status.st_uid),
                   fmt::format("Make it yours: chown {} {}.", own, name));
}

}  // namespace sluice
