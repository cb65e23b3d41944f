// SPDX-License-Identifier: MIT
#include "app/free_bytes.hpp"

#include <filesystem>
#include <system_error>

namespace sluice {

std::optional<std::int64_t> free_bytes_at(const std::string& path) {
  std::error_code unknown;
  const std::filesystem::space_info space = std::filesystem::space(path, unknown);
  if (unknown) return std::nullopt;
  return static_cast<std::int64_t>(space.available);
}

}  // namespace sluice
