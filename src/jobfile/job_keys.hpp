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

inline constexpr std::array job_known = std::to_array<Name>(
    {"$schema",  "name",     "tenant",         "call",       "compensate", "targets",
     "stages",   "abort",    "retry",          "chunk_size", "rate",       "devices_per_minute",
     "priority", "conflict", "safe_to_repeat", "on_doubt",   "window",     "deadline",
     "params",   "schedule"});
inline constexpr std::array schedule_known =
    std::to_array<Name>({"cron", "zone", "missed", "start_deadline", "overlap", "spread", "until", "paused"});
inline constexpr std::array<Name, 1> missed_known{"run_all"};
inline constexpr std::array stage_known = std::to_array<Name>(
    {"name", "devices", "percent", "only", "choose", "stratify_by", "seed", "soak", "approval", "gate"});
inline constexpr std::array<Name, 1> approval_known{"not_by_submitter"};
inline constexpr std::array abort_known = std::to_array<Name>(
    {"failed", "in_doubt", "in_doubt_counts_as_failed", "rejected_in_a_row", "codes", "action"});
inline constexpr std::array gate_known =
    std::to_array<Name>({"failed", "in_doubt", "in_doubt_counts_as_failed", "rejected_in_a_row", "codes",
                         "action", "min_sample", "check"});
inline constexpr std::array<Name, 3> tolerance_known{"max", "of", "min_sample"};
inline constexpr std::array<Name, 4> check_known{"command", "url", "every", "timeout"};
inline constexpr std::array<Name, 6> call_known{"product_key", "identifier",      "args",
                                                "qos",         "iot_instance_id", "parameters"};
inline constexpr std::array<Name, 5> targets_known{"devices", "devices_file", "column", "where",
                                                   "exclude_file"};
inline constexpr std::array<Name, 2> param_known{"type", "default"};
inline constexpr std::array<Name, 4> retry_known{"max_attempts", "base", "cap", "deadline"};
inline constexpr std::array<Name, 2> window_known{"zone", "allow"};

inline constexpr ObjectKeys job{job_known, {}};
inline constexpr ObjectKeys call{call_known, {}};
inline constexpr ObjectKeys targets{targets_known, {}};
inline constexpr ObjectKeys param{param_known, {}};
inline constexpr ObjectKeys retry{retry_known, {}};
inline constexpr ObjectKeys stage{stage_known, {}};
inline constexpr ObjectKeys approval{approval_known, {}};
inline constexpr ObjectKeys abort{abort_known, {}};
inline constexpr ObjectKeys gate{gate_known, {}};
inline constexpr ObjectKeys tolerance{tolerance_known, {}};
inline constexpr ObjectKeys check{check_known, {}};
inline constexpr ObjectKeys window{window_known, {}};
inline constexpr ObjectKeys schedule{schedule_known, {}};
inline constexpr ObjectKeys missed{missed_known, {}};

}  // namespace job_keys
}  // namespace sluice
