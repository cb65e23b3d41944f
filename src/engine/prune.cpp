// SPDX-License-Identifier: MIT
#include "sluice/engine/prune.hpp"

#include "sluice/store/figures.hpp"

namespace sluice {
namespace {

constexpr std::size_t runs_at_once = 1000;

Result<std::int64_t> prune_run(Store& store, RunId run, UtcTime now, const std::function<bool()>& goes_on) {
  std::int64_t rows = 0;
  while (goes_on()) {
    const Result<PruneStep> step = store.housekeeping().prune_step(run, prune_rows_max, now);
    if (step.has_error()) return step.error();
    rows += step->rows;
    if (step->is_done) break;
  }
  return rows;
}

Result<bool> is_too_large(Store& store, const KeepRules& rules, UtcTime now) {
  if (!rules.bytes_max) return false;
  const Result<StoreFigures> figures = store.figures().read_figures(now);
  if (figures.has_error()) return figures.error();
  return figures->database_bytes - figures->free_bytes > *rules.bytes_max;
}

Result<std::optional<PrunableRun>> oldest_run(Store& store, UtcTime now) {
  Result<std::vector<PrunableRun>> found = store.housekeeping().prunable_runs(now, 1);
  if (found.has_error()) return found.error();
  if (found->empty()) return std::optional<PrunableRun>{};
  return std::optional{std::move(found->front())};
}

}  // namespace

Result<std::vector<PrunableRun>> runs_to_prune(Store& store, const KeepRules& rules, UtcTime now) {
  return store.housekeeping().prunable_runs(now - rules.runs_for, runs_at_once);
}

Result<PruneReport> prune(Store& store, const KeepRules& rules, UtcTime now,
                          const std::function<bool()>& goes_on) {
  PruneReport report;
  const Result<std::vector<RunId>> begun = store.housekeeping().half_pruned_runs();
  if (begun.has_error()) return begun.error();
  for (const RunId run : *begun) {
    const Result<std::int64_t> rows = prune_run(store, run, now, goes_on);
    if (rows.has_error()) return rows.error();
    report.rows += *rows;
  }
  Result<std::vector<PrunableRun>> old = runs_to_prune(store, rules, now);
  if (old.has_error()) return old.error();
  const auto take_out = [&](PrunableRun run) -> Result<void> {
    const Result<std::int64_t> rows = prune_run(store, run.run, now, goes_on);
    if (rows.has_error()) return rows.error();
    report.rows += *rows;
    report.runs.push_back(std::move(run));
    return {};
  };
  for (PrunableRun& run : *old) {
    if (!goes_on()) return report;
    if (const Result<void> taken = take_out(std::move(run)); taken.has_error()) return taken.error();
  }
  while (goes_on()) {
    const Result<bool> too_large = is_too_large(store, rules, now);
    if (too_large.has_error()) return too_large.error();
    if (!*too_large) break;
    Result<std::optional<PrunableRun>> run = oldest_run(store, now);
    if (run.has_error()) return run.error();
    if (!*run) break;
    if (const Result<void> taken = take_out(std::move(**run)); taken.has_error()) return taken.error();
  }
  return report;
}

}  // namespace sluice
