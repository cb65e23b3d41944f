// SPDX-License-Identifier: MIT
// What was taken out of the record, or would be: a line per run for people, one document for programs.
#pragma once

#include <string>
#include <string_view>

#include "sluice/core/result.hpp"
#include "sluice/engine/prune.hpp"

namespace sluice {

/// {"schema_version","dry_run","rows","runs":[{"run","job","tenant","devices","ended_at"}]}
std::string prune_json(const PruneReport& report, bool is_dry_run);
/// Of that document, whichever process has made it. Fails (unexpected): it is none.
Result<std::string> prune_text(std::string_view document);

/// As the audit has it: how many runs and rows.
std::string prune_sum(const PruneReport& report);

}  // namespace sluice
