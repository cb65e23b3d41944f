// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sluice {

/// What may still be written to the disk that this file or folder is on. Blocking. Absent: it cannot be told.
std::optional<std::int64_t> free_bytes_at(const std::string& path);

}  // namespace sluice
