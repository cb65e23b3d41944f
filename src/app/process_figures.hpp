// SPDX-License-Identifier: MIT
// What this process takes of the machine.
#pragma once

#include <cstdint>
#include <optional>

namespace sluice {

/// Each is absent where the system does not tell.
struct ProcessFigures {
  std::optional<double> cpu_seconds;
  std::optional<std::int64_t> resident_bytes;
  std::optional<std::int64_t> virtual_bytes;
  std::optional<std::int64_t> open_descriptors;
  std::optional<std::int64_t> descriptors_max;
  std::optional<double> started_at;  ///< seconds since 1970
};

/// Of this process, out of /proc.
ProcessFigures read_process_figures();

}  // namespace sluice
