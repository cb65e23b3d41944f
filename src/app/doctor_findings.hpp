// SPDX-License-Identifier: MIT
// What `sluice doctor` makes of what it saw: pure judgement, no look at anything.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/credential_sources.hpp"
#include "sluice/core/result.hpp"
#include "sluice/store/store_check.hpp"
#include "sluice/transport/http_message.hpp"

namespace sluice {

enum class FindingLevel {
  ok,
  warning,  ///< works, but look at it
  problem,  ///< something will not work, or is not safe, before it is mended
};

std::string_view to_string(FindingLevel level);

struct DoctorFinding {
  FindingLevel level = FindingLevel::ok;
  std::string check;   ///< "store", "integrity", "schema", "owner", "disk", "clock", …
  std::string tenant;  ///< empty: it is about no tenant
  std::string text;    ///< harmless on a terminal
  std::string next;    ///< what to do; empty for ok

  bool operator==(const DoctorFinding&) const = default;
};

/// The worst level of them all.
FindingLevel worst_of(const std::vector<DoctorFinding>& findings);

/// Of an error that kept doctor from looking, or is what it found.
DoctorFinding problem_found(std::string check, std::string tenant, const Error& error);

/// Its place, mode, integrity, schema, log, and whether it is the newest copy of itself.
/// @param user who asks
std::vector<DoctorFinding> judge_store(const StoreCheck& store, uid_t user);

/// @param listener the process at the socket beside the store; absent: nobody listens
DoctorFinding judge_owner(const StoreCheck& store, std::optional<pid_t> listener);

inline constexpr std::int64_t free_bytes_needed = std::int64_t{100} * 1024 * 1024;
inline constexpr std::int64_t free_bytes_comfortable = std::int64_t{1024} * 1024 * 1024;

/// Below 100 MiB is a problem; below 1 GiB, or too little for a copy of the store, a warning.
/// @param folder of the store
DoctorFinding judge_disk(std::string_view folder, std::int64_t free_bytes, std::int64_t store_bytes);

/// The libraries that are loaded. @param sqlite as SQLite numbers it: 3040001
DoctorFinding judge_versions(std::string_view versions, int sqlite);

/// What a request without a command came to. Any HTTP answer will do: the endpoint need not like it.
DoctorFinding judge_endpoint(const std::string& tenant, std::string_view endpoint, const Reply& reply);

inline constexpr std::chrono::minutes clock_offset_problem{15};

/// @param offset as clock_offset() has it; absent: the answer has no Date
DoctorFinding judge_clock(const std::string& tenant, std::optional<std::chrono::milliseconds> offset);

/// Where the access key comes from; nothing of the key itself.
DoctorFinding judge_credentials(const std::string& tenant, const Result<FoundCredentials>& found);

}  // namespace sluice
