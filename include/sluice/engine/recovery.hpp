// SPDX-License-Identifier: MIT
// What a dead process left in flight is taken over, chunk by chunk, by the rule of chunk_rules.
#pragma once

#include "sluice/core/result.hpp"
#include "sluice/core/time.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

/// The first thing after opening a store as its owner. @return how many chunks were taken over
Result<std::int64_t> recover_unfinished(Store& store, UtcTime now);

/// The job of a run, read from the snapshot that the run was submitted with; of an undo, as undoing() says.
Result<Job> job_of(StoreReader& store, RunId run);

/// The job that undoes this one: its compensating call, at once and at any hour. Precondition: it has one.
Job undoing(Job job);

}  // namespace sluice
