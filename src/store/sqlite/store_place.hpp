// SPDX-License-Identifier: MIT
// Whether the place that a store was put in can be trusted with it. Failures are StoreFailure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

/// The name of a file system on which locks and shared memory cannot be relied on, by its number as statfs
/// tells it; nothing for all others.
std::optional<std::string_view> unreliable_file_system(std::int64_t magic);

/// Refuses a network file system (unless it is allowed), a file with two names, a file that is a mount point
/// of its own, and one that may not be read and written. The file need not exist, its folder must.
void require_safe_place(const std::string& path, bool is_network_allowed);

}  // namespace sluice
