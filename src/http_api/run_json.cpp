// SPDX-License-Identifier: MIT
#include "http_api/run_json.hpp"

#include <algorithm>
#include <chrono>

#include "http_api/json_time.hpp"
#include "sluice/core/run_rules.hpp"
#include "sluice/core/time.hpp"

namespace sluice {
namespace {

using Seconds = std::chrono::duration<double>;

void write_devices(JsonText& json, const StateCounts& devices) {
  json.key("devices").begin_object().member("total", total(devices));
  json.member("accepted", devices.accepted).member("presumed", devices.presumed);
  json.member("failed", devices.failed).member("in_doubt", devices.in_doubt);
  json.member("canceled", devices.canceled).member("pending", unfinished(devices)).end_object();
}

void write_chunks(JsonText& json, const StateCounts& chunks) {
  json.key("chunks").begin_object().member("pending", chunks.pending).member("in_flight", chunks.in_flight);
  json.member("succeeded", chunks.accepted + chunks.presumed).member("failed", chunks.failed);
  json.member("in_doubt", chunks.in_doubt).member("split", chunks.split);
  json.member("canceled", chunks.canceled).end_object();
}

}  // namespace

std::string_view status_word(const RunRecord& run, bool is_being_sent) {
  const RunStatus status = status_of(run);
  return status == RunStatus::running && !is_being_sent ? "interrupted" : to_string(status);
}

std::optional<double> seconds_taken(const RunRecord& run) {
  if (!run.started_at || !run.finished_at) return std::nullopt;
  return std::max(Seconds{*run.finished_at - *run.started_at}.count(), 0.0);
}

void write_run(JsonText& json, const RunRecord& run, bool is_being_sent) {
  json.member("run", run.id.value).member("job", run.job_name);
  json.member("status", status_word(run, is_being_sent));
  write_devices(json, run.devices);
  write_chunks(json, run.chunks);
  json.member("requests", run.requests).member("throttled", run.throttled);
  write_time(json, "started_at", run.started_at);
  write_time(json, "finished_at", run.finished_at);
  json.key("seconds");
  const std::optional<double> seconds = seconds_taken(run);
  seconds ? json.decimal(*seconds, 3) : json.null();
}

void write_listed_run(JsonText& json, const RunRecord& run, bool is_being_sent) {
  json.begin_object();
  write_run(json, run, is_being_sent);
  json.member("tenant", run.tenant).member("created_at", to_rfc3339(run.created_at)).end_object();
}

}  // namespace sluice
