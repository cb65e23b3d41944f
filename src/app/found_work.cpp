// SPDX-License-Identifier: MIT
#include "app/found_work.hpp"

#include <algorithm>
#include <utility>

#include "sluice/engine/recovery.hpp"
#include "sluice/store/pages.hpp"

namespace sluice {
namespace {

/// Newest first, all of them.
Result<std::vector<RunRecord>> runs_of(StoreReader& store, RunsWanted wanted) {
  std::vector<RunRecord> runs;
  while (true) {
    Result<Page<RunRecord, RunId>> page = store.pages().runs_page(wanted);
    if (page.has_error()) return page.error();
    std::ranges::move(page->rows, std::back_inserter(runs));
    if (!page->next) return runs;
    wanted.after = page->next;
  }
}

}  // namespace

Result<FoundWork> find_work(StoreReader& store, const std::string& tenant, const std::set<RunId>& known) {
  std::vector<RunRecord> records;
  for (const RunStatus status : {RunStatus::pending, RunStatus::running}) {
    Result<std::vector<RunRecord>> some = runs_of(store, {.status = status, .tenant = tenant});
    if (some.has_error()) return some.error();
    std::ranges::move(*some, std::back_inserter(records));
  }
  std::ranges::sort(records, {}, &RunRecord::id);
  FoundWork found;
  for (RunRecord& record : records) {
    // One that begins between the two looks is in both of them.
    const bool is_twice = !found.runs.empty() && found.runs.back().record.id == record.id;
    if (is_twice || known.contains(record.id)) continue;
    Result<Job> job = job_of(store, record.id);
    if (job.has_error()) {
      found.unreadable.emplace_back(record.id, job.error());
      continue;
    }
    found.runs.push_back({std::move(record), std::move(*job)});
  }
  return found;
}

Result<std::set<std::string>> tenants_with_work(StoreReader& store) {
  std::set<std::string> tenants;
  for (const RunStatus status : {RunStatus::pending, RunStatus::running}) {
    const Result<std::vector<RunRecord>> runs = runs_of(store, {.status = status});
    if (runs.has_error()) return runs.error();
    for (const RunRecord& run : *runs) tenants.insert(run.tenant);
  }
  return tenants;
}

}  // namespace sluice
