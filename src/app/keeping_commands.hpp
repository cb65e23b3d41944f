// SPDX-License-Identifier: MIT
// The verbs that look after the record itself: audit and prune.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "app/commands.hpp"
#include "app/options.hpp"

namespace sluice {

struct AuditOptionsGiven {
  std::string action;  ///< "list", "verify" or "export"
  std::string head;    ///< verify: a head that was kept elsewhere; empty: none
};

struct PruneOptionsGiven {
  std::optional<std::chrono::milliseconds> older_than;  ///< absent: 90 days
  bool is_dry_run = false;
};

ExitCode audit_command(const CommonOptions& common, const AuditOptionsGiven& given);
ExitCode prune_command(const CommonOptions& common, const PruneOptionsGiven& given);

}  // namespace sluice
