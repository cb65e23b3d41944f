// SPDX-License-Identifier: MIT
// The keys of a job file, object by object. The JSON Schema in samples/ lists the same ones; a test compares.
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace sluice {

struct ObjectKeys {
  std::span<const std::string_view> known;
  std::span<const std::string_view> later;  ///< known to later versions of sluice only
};

namespace job_keys {

using Name = std::string_view;

inline constexpr std::array<Name, 11> job_known{"$schema",        "name",     "tenant",     "call",
                                                "targets",        "retry",    "chunk_size", "rate",
                                                "safe_to_repeat", "on_doubt", "params"};
inline constexpr std::array<Name, 4> job_later{"stages", "abort", "window", "schedule"};
inline constexpr std::array<Name, 6> call_known{"product_key", "identifier",      "args",
                                                "qos",         "iot_instance_id", "parameters"};
inline constexpr std::array<Name, 5> targets_known{"devices", "devices_file", "column", "where",
                                                   "exclude_file"};
inline constexpr std::array<Name, 2> param_known{"type", "default"};
inline constexpr std::array<Name, 4> retry_known{"max_attempts", "base", "cap", "deadline"};

inline constexpr ObjectKeys job{job_known, job_later};
inline constexpr ObjectKeys call{call_known, {}};
inline constexpr ObjectKeys targets{targets_known, {}};
inline constexpr ObjectKeys param{param_known, {}};
inline constexpr ObjectKeys retry{retry_known, {}};

}  // namespace job_keys
}  // namespace sluice
