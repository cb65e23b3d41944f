// SPDX-License-Identifier: MIT
#include "app/followed_progress.hpp"

#include <algorithm>
#include <chrono>

#include "http_api/json_text.hpp"
#include "sluice/core/run_rules.hpp"

namespace sluice {
namespace {

std::string_view state_word(const RunRecord& run) {
  if (run.control == RunControl::canceled) return "canceled";
  if (is_finished(run)) return "finished";
  if (status_of(run) != RunStatus::paused) return "running";
  return run.tenant_pause_reason.empty() ? "paused" : "tenant_paused";
}

double elapsed_seconds(const RunRecord& run, UtcTime now) {
  if (!run.started_at) return 0;
  const std::chrono::duration<double> elapsed = run.finished_at.value_or(now) - *run.started_at;
  return std::max(elapsed.count(), 0.0);
}

}  // namespace

std::string followed_progress_json(const RunRecord& run, UtcTime now) {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version).member("event", "progress");
  json.member("run", run.id.value).member("job", run.job_name).member("tenant", run.tenant);
  json.member("state", state_word(run));
  json.key("devices").begin_object().member("total", total(run.devices));
  json.member("accepted", run.devices.accepted).member("presumed", run.devices.presumed);
  json.member("failed", run.devices.failed).member("in_doubt", run.devices.in_doubt);
  json.member("canceled", run.devices.canceled).member("in_flight", run.devices.in_flight);
  json.member("pending", run.devices.pending).end_object();
  const std::int64_t chunks = total(run.chunks);
  json.key("chunks").begin_object().member("done", chunks - unfinished(run.chunks)).member("total", chunks);
  json.end_object().member("requests", run.requests).member("rate_limit", run.rate);
  json.member("throttled", run.throttled);
  json.key("elapsed_seconds").decimal(elapsed_seconds(run, now), 3);
  return json.end_object().take();
}

}  // namespace sluice
