// SPDX-License-Identifier: MIT
#include "app/run_report.hpp"

#include <fmt/format.h>
#include <cctype>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>

#include "app/display_text.hpp"
#include "app/json_text.hpp"
#include "sluice/core/run_rules.hpp"
#include "sluice/dialect/server_clock.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

using Seconds = std::chrono::duration<double>;

std::optional<double> seconds_taken(const RunRecord& run) {
  if (!run.started_at || !run.finished_at) return std::nullopt;
  return std::max(Seconds{*run.finished_at - *run.started_at}.count(), 0.0);
}

std::optional<std::string> time_text(const std::optional<UtcTime>& time) {
  if (!time) return std::nullopt;
  return to_rfc3339(*time);
}

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

// A run that is under way by its counts, but that no process sends: after Ctrl-C, a crash, a lost endpoint.
std::string_view status_word(const RunRecord& run, bool is_being_sent) {
  const RunStatus status = status_of(run);
  return status == RunStatus::running && !is_being_sent ? "interrupted" : to_string(status);
}

// The members that every object about a run has, in this order.
void write_run(JsonText& json, const RunRecord& run, bool is_being_sent) {
  json.member("run", run.id.value).member("job", run.job_name);
  json.member("status", status_word(run, is_being_sent));
  write_devices(json, run.devices);
  write_chunks(json, run.chunks);
  json.member("requests", run.requests).member("throttled", run.throttled);
  json.member("started_at", time_text(run.started_at)).member("finished_at", time_text(run.finished_at));
  json.key("seconds");
  const std::optional<double> seconds = seconds_taken(run);
  seconds ? json.decimal(*seconds, 3) : json.null();
}

std::string devices_line(const StateCounts& devices) {
  std::string line =
      fmt::format("  devices   {}: accepted {}, presumed {}, failed {}, in doubt {}, canceled {}, ",
                  grouped(total(devices)), grouped(devices.accepted), grouped(devices.presumed),
                  grouped(devices.failed), grouped(devices.in_doubt), grouped(devices.canceled));
  if (devices.in_flight > 0) line += fmt::format("in flight {}, ", grouped(devices.in_flight));
  return line += fmt::format("pending {}\n", grouped(devices.pending));
}

std::string requests_line(const RunRecord& run) {
  std::string line = fmt::format("  requests  {}", grouped(run.requests));
  if (const std::optional<double> seconds = seconds_taken(run)) line += fmt::format(" in {:.3f} s", *seconds);
  return line += fmt::format(", throttled {}\n", grouped(run.throttled));
}

std::string heading(const RunRecord& run, bool is_being_sent) {
  return fmt::format("run {} ({}): {}\n", run.id.value, printable(run.job_name, 256),
                     status_word(run, is_being_sent));
}

std::string pause_reason(const RunRecord& run) {
  if (!run.tenant_pause_reason.empty()) {
    // A wrong clock says by itself what to do.
    const bool is_clock = run.tenant_pause_reason.starts_with(clock_offset_word);
    return fmt::format("tenant {} is paused: {}{}", printable(run.tenant, 256),
                       printable(run.tenant_pause_reason),
                       is_clock ? "" : " (check the endpoint, the access key, its permissions and the account's "
                                    "bill)");
  }
  if (run.control_reason.empty()) return "paused, no reason on record";
  return "paused: " + printable(run.control_reason);
}

std::string devices_in(std::int64_t count, std::string_view state) {
  return fmt::format("{} {} {}", grouped(count), count == 1 ? "device" : "devices", state);
}

std::string why_finished(const RunRecord& run) {
  const StateCounts& devices = run.devices;
  switch (status_of(run)) {
    case RunStatus::finished_in_doubt:
      return fmt::format("finished, with {}: the request went out and its result is not known",
                         devices_in(devices.in_doubt, "in doubt"));
    case RunStatus::completed_with_failures:
      return "finished, with " + devices_in(devices.failed, "failed");
    case RunStatus::canceled:
      return "canceled, with " + devices_in(devices.canceled, "not sent to") +
             (devices.in_doubt > 0 ? " and " + devices_in(devices.in_doubt, "in doubt") : "");
    default:
      return "finished: all devices accepted";
  }
}

std::string chunks_are(std::int64_t count) {
  return count == 1 ? std::string{"1 chunk is"} : fmt::format("{} chunks are", grouped(count));
}

std::string why_under_way(const RunRecord& run, const QueueState& queue, UtcTime now) {
  if (queue.due_now > 0) {
    return fmt::format("{} due and waiting for the request rate ({}/s)", chunks_are(queue.due_now),
                       rate_text(run.rate));
  }
  if (run.chunks.in_flight > 0) {
    return fmt::format("waiting for the answers of {} {}", grouped(run.chunks.in_flight),
                       run.chunks.in_flight == 1 ? "request" : "requests");
  }
  if (queue.next_due_at && *queue.next_due_at > now) {
    return fmt::format("next retry due in {}", duration_text(*queue.next_due_at - now));
  }
  return "about to send the next chunk";
}

// The least it can take, at the run's own rate; only where somebody is sending.
std::optional<double> seconds_left(const RunRecord& run, bool has_owner) {
  const RunStatus status = status_of(run);
  if (!has_owner || (status != RunStatus::running && status != RunStatus::pending) || !(run.rate > 0)) {
    return std::nullopt;
  }
  return static_cast<double>(unfinished(run.chunks)) / run.rate;
}

// Beyond any plan, so that the conversion cannot overflow.
std::chrono::nanoseconds duration_of(double seconds) {
  constexpr double longest = 100.0 * 24 * 3600;
  return std::chrono::round<std::chrono::nanoseconds>(Seconds{std::min(seconds, longest)});
}

std::string command_for(const RunRecord& run) {
  switch (status_of(run)) {
    case RunStatus::completed_with_failures:
      return fmt::format("sluice results {} --state failed", run.id.value);
    case RunStatus::finished_in_doubt:
      return fmt::format("sluice doubt list {}", run.id.value);
    case RunStatus::canceled:
      if (run.chunks.in_doubt > 0) return fmt::format("sluice doubt list {}", run.id.value);
      return fmt::format("sluice results {} --state canceled", run.id.value);
    case RunStatus::succeeded:
      return fmt::format("sluice results {}", run.id.value);
    case RunStatus::pending:
    case RunStatus::running:
    case RunStatus::paused:
      return fmt::format("sluice resume {}", run.id.value);
  }
  return fmt::format("sluice status {}", run.id.value);
}

}  // namespace

std::string run_summary_json(const RunRecord& run) {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version);
  write_run(json, run, /*is_being_sent=*/false);
  return json.end_object().end_document().take();
}

std::string run_summary_text(const RunRecord& run) {
  std::string text = heading(run, /*is_being_sent=*/false) + devices_line(run.devices) + requests_line(run);
  if (status_of(run) == RunStatus::paused) text += "  " + pause_reason(run) + "\n";
  return text;
}

std::string status_json(const RunRecord& run, const QueueState& queue, bool has_owner, UtcTime now,
                        std::string_view store_file) {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version);
  write_run(json, run, has_owner);
  json.member("tenant", run.tenant).member("endpoint", run.endpoint).member("rate", run.rate);
  json.member("duplicates", run.duplicates).member("devices_in_flight", run.devices.in_flight);
  json.member("created_at", to_rfc3339(run.created_at)).member("being_sent", has_owner && !is_finished(run));
  json.member("chunks_due_now", queue.due_now).member("next_due_at", time_text(queue.next_due_at));
  json.key("eta_seconds_at_least");
  const std::optional<double> left = seconds_left(run, has_owner);
  left ? json.decimal(*left, 3) : json.null();
  json.member("control", to_string(run.control)).member("control_reason", run.control_reason);
  json.member("tenant_pause_reason", run.tenant_pause_reason);
  json.member("why", why_line(run, queue, has_owner, now, store_file))
      .member("next_command", next_command(run, store_file));
  return json.end_object().end_document().take();
}

std::string status_text(const RunRecord& run, const QueueState& queue, bool has_owner, UtcTime now,
                        std::string_view store_file) {
  std::string text = heading(run, has_owner) + devices_line(run.devices);
  const std::int64_t chunks = total(run.chunks);
  text += fmt::format("  chunks    {} of {} done, {} split\n", grouped(chunks - unfinished(run.chunks)),
                      grouped(chunks), grouped(run.chunks.split));
  text += requests_line(run);
  text += fmt::format("  rate      {}/s, tenant {} at {}\n", rate_text(run.rate), printable(run.tenant, 256),
                      printable(run.endpoint, 512));
  if (const std::optional<double> left = seconds_left(run, has_owner)) {
    text += fmt::format("  ETA       at least {}\n", duration_text(duration_of(*left)));
  }
  return text + "  " + why_line(run, queue, has_owner, now, store_file) + "\n";
}

std::string pause_line(const RunRecord& run) {
  return fmt::format("run {}: {}", run.id.value, pause_reason(run));
}

std::string list_json(std::span<const RunRecord> runs, bool has_owner) {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version).key("runs").begin_array();
  for (const RunRecord& run : runs) {
    json.begin_object();
    write_run(json, run, has_owner);
    json.member("tenant", run.tenant).member("created_at", to_rfc3339(run.created_at)).end_object();
  }
  return json.end_array().end_object().end_document().take();
}

std::string list_text(std::span<const RunRecord> runs, bool has_owner) {
  if (runs.empty()) return "no runs yet. Next: sluice run JOB\n";
  std::string text =
      fmt::format("{:>6}  {:<24}  {:<23}  {:>10}  {:>10}  {:>8}  {:>8}  {:>10}  {}\n", "RUN", "JOB", "STATUS",
                  "DEVICES", "ACCEPTED", "FAILED", "IN DOUBT", "PENDING", "CREATED");
  for (const RunRecord& run : runs) {
    text += fmt::format("{:>6}  {}  {:<23}  {:>10}  {:>10}  {:>8}  {:>8}  {:>10}  {}\n", run.id.value,
                        padded(printable(run.job_name, 256), 24), status_word(run, has_owner),
                        grouped(total(run.devices)), grouped(run.devices.accepted + run.devices.presumed),
                        grouped(run.devices.failed), grouped(run.devices.in_doubt),
                        grouped(unfinished(run.devices)), to_iso_seconds(run.created_at));
  }
  return text;
}

std::string why_line(const RunRecord& run, const QueueState& queue, bool has_owner, UtcTime now,
                     std::string_view store_file) {
  std::string reason;
  if (is_finished(run)) {
    reason = why_finished(run);
  } else if (status_of(run) == RunStatus::paused) {
    reason = pause_reason(run);
  } else if (!has_owner) {
    reason = "not being sent by any process";
  } else {
    // Under way as it should be: there is nothing to do about it.
    return fmt::format("run {}: {}", run.id.value, why_under_way(run, queue, now));
  }
  return fmt::format("run {}: {} → {}", run.id.value, reason, next_command(run, store_file));
}

std::string why_json(const RunRecord& run, const QueueState& queue, bool has_owner, UtcTime now,
                     std::string_view store_file) {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version);
  json.member("run", run.id.value).member("status", to_string(status_of(run)));
  json.member("why", why_line(run, queue, has_owner, now, store_file));
  json.member("next_command", next_command(run, store_file));
  return json.end_object().end_document().take();
}

std::string next_command(const RunRecord& run, std::string_view store_file) {
  return command_for(run) + option_text("--store", store_file);
}

std::string option_text(std::string_view name, std::string_view value) {
  if (value.empty()) return {};
  const bool is_plain = std::ranges::all_of(value, [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view{"/._-+@:,"}.find(static_cast<char>(c)) != std::string_view::npos;
  });
  const std::string front = name.empty() ? " " : fmt::format(" {} ", name);
  if (is_plain) return front + std::string{value};
  std::string quoted;
  for (const char c : printable(value)) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return fmt::format("{}'{}'", front, quoted);
}

}  // namespace sluice
