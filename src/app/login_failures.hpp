// SPDX-License-Identifier: MIT
// What of failed logins goes on the audit, which nothing is ever taken out of: anybody can fail, as often as
// he likes. Of each peer the first failure is a row at once; those that follow are counted, and one row a
// minute says how many there were. Pure: entries in, entries out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sluice/core/time.hpp"
#include "sluice/store/audit_log.hpp"

namespace sluice {

class LoginFailures {
 public:
  /// @return whether the failure is to be written as it is; if not, it has been counted
  bool is_told(const AuditEntry& failure, SteadyTime now);

  /// A row for each peer that has failed again within a minute that is over.
  std::vector<AuditEntry> due(SteadyTime now);
  /// The same of all minutes, as at the end of the program.
  std::vector<AuditEntry> all();

 private:
  struct Minute {
    SteadyTime since;
    std::int64_t counted = 0;
    AuditEntry last;  ///< of those that were counted
  };

  std::map<std::string, Minute> peers_;  ///< by their address; those beyond the first few share one
};

/// Each peer has a row of its own up to so many at a time; all others share one.
inline constexpr std::size_t audited_peers_max = 16;

}  // namespace sluice
