// SPDX-License-Identifier: MIT
// What a tenant has to send, as the record has it.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "sluice/core/job.hpp"
#include "sluice/core/result.hpp"
#include "sluice/core/run.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

struct FoundRun {
  RunRecord record;
  Job job;
};

/// The tenant's unfinished runs that nobody has paused, oldest first, but for those that are known. A run
/// whose job cannot be read is left out, and `unreadable` has why. Blocking.
struct FoundWork {
  std::vector<FoundRun> runs;
  std::vector<std::pair<RunId, Error>> unreadable;
};
Result<FoundWork> find_work(StoreReader& store, const std::string& tenant, const std::set<RunId>& known);

/// The tenants that have unfinished runs. Blocking.
Result<std::set<std::string>> tenants_with_work(StoreReader& store);

}  // namespace sluice
