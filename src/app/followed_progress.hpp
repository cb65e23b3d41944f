// SPDX-License-Identifier: MIT
// How far a run has come that another process sends, for programs: what the record alone tells of it.
#pragma once

#include <string>

#include "sluice/core/run.hpp"
#include "sluice/core/time.hpp"

namespace sluice {

/// One JSON object without a line end, with the members of progress_json() that can be known from beside:
/// "schema_version", "event", "run", "job", "tenant", "state", "devices", "chunks", "requests", "rate_limit",
/// "throttled", "elapsed_seconds". "requests", "throttled" and the time are of the run from its start, not of
/// the watching.
std::string followed_progress_json(const RunRecord& run, UtcTime now);

}  // namespace sluice
