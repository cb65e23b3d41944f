// SPDX-License-Identifier: MIT
// Reads files that hold secrets: only such as nobody else on the machine can read or change.
#pragma once

#include <optional>
#include <string>

#include "sluice/core/result.hpp"
#include "sluice/dialect/credentials.hpp"

namespace sluice {

/// The whole text of a regular file of at most 1 MiB that belongs to this user or to root and has no
/// permission for anybody else; any other file is an error (unauthorized) that says how to mend it.
/// @return absent: there is no such file
Result<std::optional<Secret>> read_private_file(const std::string& path);

/// The same for an access key, which must not lie where somebody else could put another one in its place:
/// the file itself, not a symbolic link to it, in a folder that not everybody may write to.
Result<std::optional<Secret>> read_key_file(const std::string& path);

}  // namespace sluice
