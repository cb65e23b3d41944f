// SPDX-License-Identifier: MIT
#include "sluice/engine/run_control.hpp"

#include <fmt/format.h>

#include <limits>
#include <optional>
#include <utility>

#include "sluice/core/run_rules.hpp"

namespace sluice {
namespace {

Error refused(RunId run, ControlVerdict verdict) {
  if (verdict == ControlVerdict::refused_canceled) {
    return {
        ErrorKind::refused, fmt::format("run {} was canceled, and that is for ever", run.value),
        fmt::format("What was not sent, as a device list for a new run: sluice results {} --state canceled "
                    "--output txt",
                    run.value)};
  }
  return {ErrorKind::refused, fmt::format("run {} has already finished", run.value),
          fmt::format("See what came of it: sluice status {}", run.value)};
}

/// What `status` and `why` show of it: also who it was, for whoever comes next.
std::string reason_of(const ControlOrder& order) {
  return fmt::format("by {}{}{}", order.actor, order.words.empty() ? "" : ": ", order.words);
}

Result<void> record(Store& store, const RunRecord& run, const ControlOrder& order) {
  const RunControl wanted = wanted_by(order.verb);
  if (run.control != wanted) {
    const Result<void> set = store.set_run_control({.run = run.id,
                                                    .control = wanted,
                                                    .cause = ControlCause::operator_order,
                                                    .reason = reason_of(order),
                                                    .actor = order.actor,
                                                    .now = order.now});
    if (set.has_error()) return set;
  }
  if (order.verb != ControlVerb::resume || run.tenant_pause_reason.empty()) return {};
  return store.lift_tenant_pause(run.tenant, order.actor, order.words, order.now);
}

}  // namespace

Result<RunRecord> known_run(StoreReader& store, RunId id) {
  Result<std::optional<RunRecord>> run = store.run(id);
  if (run.has_error()) return run.error();
  if (*run) return std::move(**run);
  return Error{ErrorKind::not_found, fmt::format("there is no run {} in this store", id.value),
               "`sluice list` shows the runs there are."};
}

Result<void> may_resume(const RunRecord& run) {
  if (judge(ControlVerb::resume, run) != ControlVerdict::refused_canceled) return {};
  return refused(run.id, ControlVerdict::refused_canceled);
}

Result<ControlDone> control_run(Store& store, const ControlOrder& order) {
  Result<RunRecord> run = known_run(store, order.run);
  if (run.has_error()) return run.error();
  const ControlVerdict verdict = judge(order.verb, *run);
  if (verdict == ControlVerdict::already_so) return ControlDone{std::move(*run), false};
  if (verdict != ControlVerdict::change) return refused(order.run, verdict);
  const Result<void> recorded = record(store, *run, order);
  if (recorded.has_error()) return recorded.error();
  run = known_run(store, order.run);
  if (run.has_error()) return run.error();
  return ControlDone{std::move(*run), true};
}

Result<std::vector<ControlDone>> pause_all_runs(Store& store, const ControlOrder& order) {
  const Result<std::vector<RunRecord>> runs = store.runs(std::numeric_limits<std::int32_t>::max());
  if (runs.has_error()) return runs.error();
  std::vector<ControlDone> paused;
  for (auto run = runs->rbegin(); run != runs->rend(); ++run) {
    if (is_finished(*run) || run->control == RunControl::canceled) continue;
    ControlOrder one = order;
    one.verb = ControlVerb::pause;
    one.run = run->id;
    Result<ControlDone> done = control_run(store, one);
    if (done.has_error()) return done.error();
    paused.push_back(std::move(*done));
  }
  return paused;
}

}  // namespace sluice
