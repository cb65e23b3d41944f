// SPDX-License-Identifier: MIT
// Seam: how much the store holds and how it stands with each tenant, for whoever watches. Counters only: the
// answer takes milliseconds, however large the record.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sluice/core/ids.hpp"
#include "sluice/core/result.hpp"
#include "sluice/core/run.hpp"
#include "sluice/core/time.hpp"

namespace sluice {

struct TenantFigures {
  std::string tenant;
  StateCounts chunks;   ///< of all runs on record
  StateCounts devices;  ///< the same
  std::map<RunStatus, std::int64_t> runs;
  bool is_blocked = false;  ///< nothing of it is sent until a person says so
  UtcTime silent_until;     ///< the server has asked for silence until then
  std::optional<UtcTime>
      oldest_due;  ///< the chunk that waits longest though it may be sent; absent: none does
};

struct StoreFigures {
  std::vector<TenantFigures> tenants;             ///< by name
  std::map<std::string, std::int64_t> job_files;  ///< of the daemon's folder, by state
  std::map<std::string, std::int64_t> schedules;  ///< by state
  std::int64_t database_bytes = 0;
  std::int64_t free_bytes = 0;  ///< of them, those that are not in use
  std::int64_t wal_bytes = 0;
  std::int64_t schema_version = 0;
  std::string sqlite_version;
};

/// Answers what watching needs.
class Figures {
 public:
  virtual ~Figures() = default;

  /// @param out_of_hours runs whose window is closed: what is due of them does not wait to be sent
  virtual Result<StoreFigures> read_figures(UtcTime now, const std::set<RunId>& out_of_hours = {}) = 0;
};

}  // namespace sluice
