// SPDX-License-Identifier: MIT
// Whether a file may command the devices: whoever can change it must be one who can write into the folder of
// job files anyway. Decides over what stat(2) says; touches nothing.
#pragma once

#include <sys/stat.h>

#include <string>

#include "sluice/core/result.hpp"

namespace sluice {

/// Refused: somebody may write the file who may not write into the folder, or it belongs to such a user. A
/// folder that its group may write into trusts its group's files.
/// @param file its path, for the message
/// @param own the user that this process runs as
Result<void> check_job_file_rights(const std::string& file, const struct stat& status,
                                   const struct stat& folder, uid_t own);

}  // namespace sluice
