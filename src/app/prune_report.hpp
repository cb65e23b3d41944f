// SPDX-License-Identifier: MIT
// What was taken out of the record, or would be: a line per run for people, one document for programs.
#pragma once

#include <string>

#include "sluice/engine/prune.hpp"

namespace sluice {

std::string prune_text(const PruneReport& report, bool is_dry_run);
/// {"schema_version","dry_run","rows","runs":[{"run","job","tenant","devices","ended_at"}]}
std::string prune_json(const PruneReport& report, bool is_dry_run);

/// As the audit has it: how many runs and rows.
std::string prune_sum(const PruneReport& report);

}  // namespace sluice
