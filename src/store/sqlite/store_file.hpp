// SPDX-License-Identifier: MIT
// The store's file as the operating system sees it: where it is, and how it comes to be. Failures are
// StoreFailure.
#pragma once

#include <string>

namespace sluice {

/// The path without symbolic links, the file itself included if it exists. Folders that do not exist are
/// created, readable by the user alone.
std::string prepare_path(const std::string& path);

/// As prepare_path, for a file that exists; creates nothing.
std::string existing_path(const std::string& path);

/// Creates the file if there is none, readable by the user alone from its first moment.
void create_if_missing(const std::string& path);

/// Whether there is no file, or one without a single byte.
bool is_missing_or_empty(const std::string& path);

/// A file's name must outlive a power cut, or everything in it would be lost with it.
void sync_folder(const std::string& path);

/// What an operator can do about the system's error with a file.
std::string next_step_after(int system_errno);

}  // namespace sluice
