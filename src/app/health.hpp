// SPDX-License-Identifier: MIT
// Whether the daemon is alive and whether it is ready, as /healthz and /readyz say it.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/core/time.hpp"

namespace sluice {

/// When its parts last gave a sign of life, and how far it has come.
struct Vitals {
  SteadyTime loop_at;
  SteadyTime database_at;  ///< min(): not yet
  bool is_store_open = false;
  bool is_recovered = false;   ///< what an earlier process left in flight has been taken over
  bool is_store_held = false;  ///< another program keeps the file from being written
  bool is_disk_full = false;   ///< the store's
  bool is_configuration_valid = true;
  bool is_draining = false;
};

/// Without a sign of life for so long, a part counts as stuck.
inline constexpr std::chrono::seconds stuck_after{15};

struct HealthReport {
  bool is_good = true;
  std::string json;  ///< {"schema_version","status":"ok"|"stuck"|"not_ready","problems":[…]} and a line end

  int http_status() const { return is_good ? 200 : 503; }
};

/// What keeps it from being alive and ready, as both reports say it.
std::vector<std::string_view> problems_of(const Vitals& vitals, SteadyTime now);

/// Alive: the loop and the database have answered lately. If not, a restart is the remedy.
HealthReport judge_health(const Vitals& vitals, SteadyTime now);

/// Ready: alive, the store open, free and with room to be written, recovery done, the configuration valid,
/// and not about to end.
HealthReport judge_readiness(const Vitals& vitals, SteadyTime now);

}  // namespace sluice
