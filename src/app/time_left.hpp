// SPDX-License-Identifier: MIT
// How long a run that is under way still takes, with what its job makes it wait for: stages, soaks, its
// window and its device rate.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "sluice/core/job.hpp"
#include "sluice/core/run.hpp"
#include "sluice/core/time.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

/// If nothing goes wrong, and whoever is asked says yes at once. Absent: the job waits for nothing but the
/// request rate, or its window leaves no end in sight.
/// @param stages as the store has them; empty: everything at once
std::optional<std::chrono::microseconds> time_left(const RunRecord& run, const Job& job,
                                                   const std::vector<StageRecord>& stages, UtcTime now);

}  // namespace sluice
