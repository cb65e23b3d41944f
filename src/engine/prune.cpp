// SPDX-License-Identifier: MIT
#include "sluice/engine/prune.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "sluice/store/audit_log.hpp"
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

// Of a row beside its texts: numbers, lengths, its place in the page.
constexpr std::size_t row_bytes = 40;

/// About how large the audit is, of which nothing is ever taken out. Takes as long as it is large.
Result<std::int64_t> audit_bytes(Store& store) {
  std::size_t bytes = 0;
  const Result<void> read = store.audit_reader().for_each_audit_row(0, [&](const AuditRow& row) {
    const AuditEntry& entry = row.entry;
    for (const std::string* text : {&entry.actor, &entry.origin, &entry.action, &entry.target, &entry.before,
                                    &entry.after, &entry.reason, &row.hash}) {
      bytes += text->size();
    }
    bytes += row_bytes;
    return true;
  });
  if (read.has_error()) return read.error();
  return static_cast<std::int64_t>(bytes);
}

/// @return how many rows
Result<std::int64_t> prune_runless(Store& store, UtcTime before, const std::function<bool()>& goes_on) {
  std::int64_t rows = 0;
  while (goes_on()) {
    const Result<std::int64_t> taken = store.housekeeping().prune_runless(before, prune_rows_max);
    if (taken.has_error()) return taken.error();
    rows += *taken;
    if (*taken < prune_rows_max) break;
  }
  return rows;
}

/// What can never be taken out must not drive out what can: strangers make the audit grow by failing to log
/// in. @param audit how large it is, once that has mattered
Result<bool> is_too_large(Store& store, const KeepRules& rules, std::optional<std::int64_t>& audit,
                          UtcTime now) {
  const Result<StoreFigures> figures = store.figures().read_figures(now);
  if (figures.has_error()) return figures.error();
  const std::int64_t used = figures->database_bytes - figures->free_bytes;
  if (used <= rules.bytes_max) return false;
  if (!audit) {
    const Result<std::int64_t> measured = audit_bytes(store);
    if (measured.has_error()) return measured.error();
    audit = *measured;
  }
  return used - *audit > rules.bytes_max;
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
  const Result<std::int64_t> runless = prune_runless(store, now - rules.runs_for, goes_on);
  if (runless.has_error()) return runless.error();
  report.runless_rows = *runless;
  report.rows += *runless;
  std::optional<std::int64_t> audit;
  while (goes_on()) {
    const Result<bool> too_large = is_too_large(store, rules, audit, now);
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
