// SPDX-License-Identifier: MIT
#include "app/run_report.hpp"

#include <fmt/format.h>
#include <cctype>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>

#include "app/display_text.hpp"
#include "app/pause_text.hpp"
#include "http_api/json_text.hpp"
#include "http_api/run_json.hpp"
#include "sluice/core/run_rules.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

using Seconds = std::chrono::duration<double>;

std::optional<std::string> time_text(const std::optional<UtcTime>& time) {
  if (!time) return std::nullopt;
  return to_rfc3339(*time);
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
  const std::string of_what =
      run.parent ? fmt::format("{} of run {}, ", to_string(run.purpose), run.parent->value) : std::string{};
  return fmt::format("run {} ({}{}): {}\n", run.id.value, of_what, printable(run.job_name, 256),
                     status_word(run, is_being_sent));
}

std::string devices_in(std::int64_t count, std::string_view state) {
  return fmt::format("{} {} {}", grouped(count), count == 1 ? "device" : "devices", state);
}

std::string why_finished(const RunRecord& run) {
  const StateCounts& devices = run.devices;
  switch (status_of(run)) {
    case RunStatus::finished_in_doubt:
      return fmt::format("finished, with {} (nobody can tell whether they got the command){}",
                         devices_in(devices.in_doubt, "in doubt"),
                         devices.failed > 0 ? " and " + devices_in(devices.failed, "failed") : "");
    case RunStatus::completed_with_failures:
      return "finished, with " + devices_in(devices.failed, "failed");
    case RunStatus::canceled:
      return "canceled, with " + devices_in(devices.canceled, "not sent to") +
             (devices.in_doubt > 0 ? " and " + devices_in(devices.in_doubt, "in doubt") : "") +
             (run.control_reason.empty() ? "" : ": " + printable(run.control_reason, 512));
    default:
      return "finished: all devices accepted" +
             (devices.presumed > 0 ? fmt::format(", {} of them presumed", grouped(devices.presumed)) : "");
  }
}

std::string chunks_are(std::int64_t count) {
  return count == 1 ? std::string{"1 chunk is"} : fmt::format("{} chunks are", grouped(count));
}

// A lost endpoint is tried again every few seconds; a result that is older than this is not of now.
constexpr std::chrono::seconds result_is_news_for{60};

/// From outside, all that shows of an endpoint that is away is that the newest request got no answer.
/// A request that we took back ourselves, for a pause say, asked nobody.
bool was_answered(const Sighting& seen) {
  return !seen.newest_result || seen.newest_result->is_answer || seen.newest_result->code == "stopped" ||
         seen.now - seen.newest_result->settled_at > result_is_news_for;
}

std::string why_due(const RunRecord& run, const Sighting& seen) {
  const std::string due = chunks_are(seen.queue.due_now) + " due";
  if (was_answered(seen)) {
    const bool are_all_retries = seen.queue.retries_due_now == seen.queue.due_now;
    return fmt::format("{} and waiting for the request rate ({}/s){}", due, rate_text(run.rate),
                       are_all_retries ? " or the retry budget" : "");
  }
  return fmt::format("{}, but the newest request got no answer ({}, {} ago)", due,
                     printable(seen.newest_result->code, 64),
                     duration_text(std::max<std::chrono::nanoseconds>(
                         seen.now - seen.newest_result->settled_at, std::chrono::nanoseconds{0})));
}

std::string why_under_way(const RunRecord& run, const Sighting& seen) {
  const bool is_idle = seen.queue.due_now == 0 && run.chunks.in_flight == 0;
  const bool is_closed = seen.stages.window && !seen.stages.window->is_open;
  if (is_idle || is_closed) {
    if (std::string why = stage_why(seen.stages, seen.now); !why.empty()) return why;
  }
  if (seen.queue.due_now > 0) return why_due(run, seen);
  if (run.chunks.in_flight > 0) {
    return fmt::format("waiting for the answers of {} {}", grouped(run.chunks.in_flight),
                       run.chunks.in_flight == 1 ? "request" : "requests");
  }
  const std::optional<UtcTime>& next_due_at = seen.queue.next_due_at;
  if (next_due_at && *next_due_at > seen.now) {
    return fmt::format("next retry due in {}", duration_text(*next_due_at - seen.now));
  }
  return "about to send the next chunk";
}

// The least it can take; only where somebody is sending.
std::optional<double> seconds_left(const RunRecord& run, const Sighting& seen) {
  const RunStatus status = status_of(run);
  if (!seen.has_owner || (status != RunStatus::running && status != RunStatus::pending) || !(run.rate > 0)) {
    return std::nullopt;
  }
  if (seen.time_left) return Seconds{*seen.time_left}.count();
  return static_cast<double>(unfinished(run.chunks)) / run.rate;
}

/// As fast as the chunks of late came to their end, stalls included; absent: none did. While nothing is due
/// and nothing is on its way, it waits for something else than its requests.
std::optional<double> seconds_left_of_late(const RunRecord& run, const Sighting& seen, double at_least) {
  if (!seen.late || seen.late->finished == 0) return std::nullopt;
  const bool is_sending = seen.queue.due_now > 0 || run.chunks.in_flight > 0;
  const double span = Seconds{(is_sending ? seen.now : seen.late->last) - seen.late->first}.count();
  const auto left = static_cast<double>(unfinished(run.chunks));
  const double of_late = left * span / static_cast<double>(seen.late->finished);
  return at_least + std::max(0.0, of_late - left / run.rate);
}

void write_eta(JsonText& json, const RunRecord& run, const Sighting& seen) {
  const std::optional<double> low = seconds_left(run, seen);
  json.key("eta_seconds_at_least");
  low ? json.decimal(*low, 3) : json.null();
  json.key("eta_seconds");
  if (!low) {
    json.null();
    return;
  }
  json.begin_object().key("low").decimal(*low, 3).key("high");
  const std::optional<double> high = seconds_left_of_late(run, seen, *low);
  high ? json.decimal(*high, 3) : json.null();
  json.end_object();
}

void write_control(JsonText& json, const RunRecord& run, const Sighting& seen) {
  json.member("control", to_string(run.control)).member("control_reason", run.control_reason);
  json.member("control_cause", to_string(run.control_cause));
  json.member("control_actor", seen.stopped ? seen.stopped->actor : std::string{});
  json.member("control_at", seen.stopped ? time_text(seen.stopped->at) : std::nullopt);
}

void write_origin(JsonText& json, const RunRecord& run) {
  json.member("purpose", to_string(run.purpose)).key("parent");
  run.parent ? json.value(run.parent->value) : json.null();
  json.member("submitter", run.submitter).member("job_file", run.origin.job_file);
}

// Beyond any plan, so that the conversion cannot overflow.
std::chrono::nanoseconds duration_of(double seconds) {
  constexpr double longest = 100.0 * 24 * 3600;
  return std::chrono::round<std::chrono::nanoseconds>(Seconds{std::min(seconds, longest)});
}

std::string look_at_doubt(const RunRecord& run, std::string_view store_option) {
  return fmt::format("sluice doubt list {}{}", run.id.value, store_option);
}

std::string look_at(const RunRecord& run, std::string_view state, std::string_view store_option) {
  return fmt::format("sluice results {} --state {}{}", run.id.value, state, store_option);
}

// JOB stands for the corrected file: which one it was is not on record.
std::string run_corrected_job(const RunRecord& run, std::string_view store_option,
                              std::string_view again_options) {
  // Canceled, because two unfinished runs do not share a device.
  return fmt::format(
      "sluice cancel {0}{1} && sluice results {0} --state canceled --output txt{1} | sluice run JOB "
      "--devices - "
      "--yes{2}",
      run.id.value, store_option, again_options);
}

/// What a person can do about what it waits for, though it is being sent.
std::string next_of(const RunRecord& run, const Sighting& seen, std::string_view store_file) {
  if (seen.stages.wants_approval && seen.has_owner && status_of(run) != RunStatus::paused)
    return fmt::format("sluice approve {}{}", run.id.value, option_text("--store", store_file));
  return next_command(run, store_file, seen.config_file);
}

}  // namespace

std::string run_summary_json(const RunRecord& run, const std::string& next) {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version);
  write_run(json, run, /*is_being_sent=*/false);
  json.key("reason");
  status_of(run) == RunStatus::paused ? json.value(recorded_pause_reason(run)) : json.null();
  json.key("next_command");
  next.empty() ? json.null() : json.value(next);
  return json.end_object().end_document().take();
}

std::string run_summary_text(const RunRecord& run) {
  std::string text = heading(run, /*is_being_sent=*/false) + devices_line(run.devices) + requests_line(run);
  if (status_of(run) == RunStatus::paused) text += "  " + pause_text(run) + "\n";
  return text;
}

std::string prediction_text(const RunRecord& run) {
  if (!run.predicted) return {};
  const std::string predicted = fmt::format("predicted {:.1f} s", Seconds{*run.predicted}.count());
  const std::optional<double> seconds = seconds_taken(run);
  return seconds ? predicted + fmt::format(", took {:.1f} s", *seconds) : predicted;
}

std::string status_json(const RunRecord& run, const Sighting& seen, std::string_view store_file) {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version);
  write_run(json, run, seen.has_owner);
  json.member("tenant", run.tenant).member("endpoint", run.endpoint).member("rate", run.rate);
  json.member("duplicates", run.duplicates).member("devices_in_flight", run.devices.in_flight);
  json.member("devices_unclear", seen.queue.unclear_devices);
  write_origin(json, run);
  json.member("stage", run.stage);
  write_stages(json, seen.stages);
  json.key("predicted_seconds");
  run.predicted ? json.decimal(Seconds{*run.predicted}.count(), 3) : json.null();
  json.member("created_at", to_rfc3339(run.created_at))
      .member("being_sent", seen.has_owner && !is_finished(run));
  // What is due at once has no time to tell: it is counted.
  const std::optional<UtcTime>& next_due_at = seen.queue.next_due_at;
  const bool is_due_later = next_due_at && *next_due_at > seen.now;
  json.member("chunks_due_now", seen.queue.due_now);
  json.member("next_due_at", is_due_later ? time_text(next_due_at) : std::nullopt);
  write_eta(json, run, seen);
  write_control(json, run, seen);
  json.member("tenant_pause_reason", run.tenant_pause_reason);
  json.member("why", why_line(run, seen, store_file)).member("next_command", next_of(run, seen, store_file));
  return json.end_object().end_document().take();
}

std::string status_text(const RunRecord& run, const Sighting& seen, std::string_view store_file) {
  std::string text = heading(run, seen.has_owner) + devices_line(run.devices);
  if (seen.queue.unclear_devices > 0) {
    text += fmt::format(
        "  pending   {} of them may have got the command already: results has them as in_flight\n",
        grouped(seen.queue.unclear_devices));
  }
  const std::int64_t chunks = total(run.chunks);
  text += fmt::format("  chunks    {} of {} done, {} split\n", grouped(chunks - unfinished(run.chunks)),
                      grouped(chunks), grouped(run.chunks.split));
  text += stages_text(seen.stages) + requests_line(run);
  if (const std::string time = prediction_text(run); !time.empty()) text += "  time      " + time + "\n";
  text += fmt::format("  rate      {}/s, tenant {} at {}\n", rate_text(run.rate), printable(run.tenant, 256),
                      printable(run.endpoint, 512));
  if (const std::optional<double> left = seconds_left(run, seen)) {
    text += fmt::format("  ETA       at least {}\n", duration_text(duration_of(*left)));
  }
  return text + "  " + why_line(run, seen, store_file) + "\n";
}

std::string list_json(std::span<const RunRecord> runs, bool has_owner) {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version).key("runs").begin_array();
  for (const RunRecord& run : runs) write_listed_run(json, run, has_owner);
  return json.end_array().end_object().end_document().take();
}

std::string list_text(std::span<const RunRecord> runs, bool has_owner) {
  if (runs.empty()) return "no runs yet. Next: sluice run JOB\n";
  std::string text =
      fmt::format("{:>6}  {:<24}  {:<23}  {:>10}  {:>10}  {:>8}  {:>8}  {:>8}  {:>10}  {}\n", "RUN", "JOB",
                  "STATUS", "DEVICES", "ACCEPTED", "PRESUMED", "FAILED", "IN DOUBT", "PENDING", "CREATED");
  for (const RunRecord& run : runs) {
    text += fmt::format(
        "{:>6}  {}  {:<23}  {:>10}  {:>10}  {:>8}  {:>8}  {:>8}  {:>10}  {}\n", run.id.value,
        padded(printable(run.job_name, 256), 24), status_word(run, has_owner), grouped(total(run.devices)),
        grouped(run.devices.accepted), grouped(run.devices.presumed), grouped(run.devices.failed),
        grouped(run.devices.in_doubt), grouped(unfinished(run.devices)), to_iso_seconds(run.created_at));
  }
  return text;
}

std::string why_line(const RunRecord& run, const Sighting& seen, std::string_view store_file) {
  std::string reason;
  if (is_finished(run)) {
    reason = why_finished(run);
  } else if (status_of(run) == RunStatus::paused) {
    reason = pause_text(run);
  } else if (!seen.has_owner) {
    reason = "not being sent by any process";
  } else {
    // Under way as it should be: there is nothing to do about it.
    const std::string why = fmt::format("run {}: {}", run.id.value, why_under_way(run, seen));
    if (!seen.stages.wants_approval) return why;
    return why + fmt::format(" → sluice approve {}{}", run.id.value, option_text("--store", store_file));
  }
  return fmt::format("run {}: {} → {}", run.id.value, reason,
                     next_command(run, store_file, seen.config_file));
}

std::string why_json(const RunRecord& run, const Sighting& seen, std::string_view store_file) {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version);
  json.member("run", run.id.value).member("status", to_string(status_of(run)));
  json.member("why", why_line(run, seen, store_file));
  json.member("next_command", next_of(run, seen, store_file));
  return json.end_object().end_document().take();
}

std::string next_command(const RunRecord& run, std::string_view store_file, std::string_view config_file) {
  const std::string store_option = option_text("--store", store_file);
  return command_to_go_on(run, store_option, store_option + option_text("--config", config_file));
}

std::string command_to_go_on(const RunRecord& run, std::string_view store_option,
                             std::string_view again_options) {
  switch (status_of(run)) {
    case RunStatus::completed_with_failures:
      return look_at(run, "failed", store_option);
    case RunStatus::finished_in_doubt:
      return look_at_doubt(run, store_option) +
             (run.chunks.failed > 0 ? " && " + look_at(run, "failed", store_option) : "");
    case RunStatus::canceled:
      if (run.chunks.in_doubt > 0) return look_at_doubt(run, store_option);
      return look_at(run, "canceled", store_option);
    case RunStatus::succeeded:
      return fmt::format("sluice results {}{}", run.id.value, store_option);
    case RunStatus::paused:
      if (is_paused_by_its_job(run)) return run_corrected_job(run, store_option, again_options);
      // A resume alone would meet the same gate again.
      if (run.control_cause == ControlCause::gate && run.chunks.in_doubt > 0)
        return look_at_doubt(run, store_option);
      if (run.control_cause == ControlCause::gate) {
        return fmt::format("sluice approve {0} --past-gate{1} && sluice resume {0}{2}", run.id.value,
                           store_option, again_options);
      }
      break;
    case RunStatus::pending:
    case RunStatus::running:
      break;
  }
  return fmt::format("sluice resume {}{}", run.id.value, again_options);
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
