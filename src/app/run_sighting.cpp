// SPDX-License-Identifier: MIT
#include "app/run_sighting.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "app/time_left.hpp"
#include "sluice/core/run_rules.hpp"
#include "sluice/engine/recovery.hpp"
#include "sluice/store/pages.hpp"

namespace sluice {
namespace {

// Enough to even out single slow answers, and few enough to be of now.
constexpr int attempts_of_late = 200;
constexpr std::chrono::minutes late_is{5};

/// The order by which the run stands still or was ended.
Result<std::optional<EventRow>> newest_stop(StoreReader& store, const RunRecord& run) {
  if (run.control == RunControl::active) return std::optional<EventRow>{};
  const EventsWanted wanted{.order = EventOrder::newest_first,
                            .run = run.id,
                            .what = run.control == RunControl::paused ? "run_paused" : "run_canceled",
                            .limit = 1};
  const auto page = store.pages().events_page(wanted);
  if (page.has_error()) return page.error();
  return page->rows.empty() ? std::optional<EventRow>{} : page->rows.front();
}

}  // namespace

Result<Sighting> sight_run(StoreReader& store, const RunRecord& run, UtcTime now) {
  Sighting seen{.queue = {}, .has_owner = store.has_owner(), .now = now};
  // A job that this version cannot read is no error here: then there is less to tell.
  const Result<Job> read = job_of(store, run.id);
  const std::optional<Job> job = read.has_value() ? std::optional{*read} : std::nullopt;
  Result<StageSighting> stages = sight_stages(store, run, job, seen.now);
  if (stages.has_error()) return stages.error();
  seen.stages = std::move(*stages);
  if (job && !is_finished(run)) seen.time_left = time_left(run, *job, seen.stages.stages, seen.now);
  Result<QueueState> queue = store.queue_state(run.id, seen.now);
  if (queue.has_error()) return queue.error();
  seen.queue = *queue;
  Result<std::optional<NewestResult>> newest = store.newest_result(run.id);
  if (newest.has_error()) return newest.error();
  seen.newest_result = std::move(*newest);
  Result<std::optional<EventRow>> stopped = newest_stop(store, run);
  if (stopped.has_error()) return stopped.error();
  seen.stopped = std::move(*stopped);
  if (is_finished(run)) return seen;
  const auto late = store.pages().late_results(run.id, now - late_is, attempts_of_late);
  if (late.has_error()) return late.error();
  seen.late = *late;
  return seen;
}

Result<void> heed_rate_order(StoreReader& store, RunRecord& run, UtcTime now) {
  const Result<std::optional<RateOrder>> order = store.rate_order(run.tenant);
  if (order.has_error()) return order.error();
  if (*order && (*order)->until > now) run.rate = std::min(run.rate, (*order)->rate);
  return {};
}

}  // namespace sluice
