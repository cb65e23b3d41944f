// SPDX-License-Identifier: MIT
// The job file's reader: any text is either a job, which written out anew reads as the same job, or a list of
// findings each of which has its place.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/claim.hpp"
#include "jobfile/duration_text.hpp"
#include "sluice/core/tick_rules.hpp"
#include "sluice/core/window_rules.hpp"
#include "sluice/jobfile/job_file.hpp"

using namespace sluice;
using fuzz::claim;

namespace {

std::string quoted(std::string_view text) { return boost::json::serialize(boost::json::string_view{text}); }

std::string quoted(std::chrono::milliseconds duration) {
  return fmt::format("\"{}\"", exact_duration_text(duration));
}

std::string written(const Call& call) {
  std::string text = fmt::format(R"({{"product_key": {}, "identifier": {}, "args": {})",
                                 quoted(call.product_key), quoted(call.identifier), call.args);
  if (call.qos) text += fmt::format(R"(, "qos": {})", *call.qos);
  if (call.iot_instance_id) text += fmt::format(R"(, "iot_instance_id": {})", quoted(*call.iot_instance_id));
  text += R"(, "parameters": {)";
  for (std::string_view comma; const auto& [name, value] : call.parameters) {
    text += fmt::format("{}{}: {}", comma, quoted(name), quoted(value));
    comma = ", ";
  }
  return text + "}}";
}

std::string list_of(const std::vector<std::string>& quoted_texts) {
  return fmt::format("[{}]", fmt::join(quoted_texts, ", "));
}

std::string written(const Targets& targets) {
  std::vector<std::string> members;
  if (!targets.devices.empty()) {
    std::vector<std::string> devices;
    for (const std::string& device : targets.devices) devices.push_back(quoted(device));
    members.push_back("\"devices\": " + list_of(devices));
  }
  for (const auto& [key, value] : {std::pair{"devices_file", targets.devices_file},
                                   {"column", targets.column},
                                   {"where", targets.where},
                                   {"exclude_file", targets.exclude_file}}) {
    if (!value.empty()) members.push_back(fmt::format("\"{}\": {}", key, quoted(value)));
  }
  return fmt::format("{{{}}}", fmt::join(members, ", "));
}

std::string written(const SendWindow& window) {
  std::vector<std::string> spans;
  for (const DailySpan& span : window.allow) spans.push_back(quoted(to_string(span)));
  return fmt::format(R"({{"zone": {}, "allow": {}}})", quoted(window.zone), list_of(spans));
}

std::string written(const Schedule& schedule) {
  std::string text =
      fmt::format(R"({{"cron": {}, "zone": {}, "start_deadline": {}, "overlap": "{}", "paused": {})",
                  quoted(schedule.cron), quoted(schedule.zone), quoted(schedule.start_deadline),
                  to_string(schedule.overlap), schedule.is_paused);
  if (schedule.missed.policy == MissedTicks::Policy::skip) text += R"(, "missed": "skip")";
  if (schedule.missed.policy == MissedTicks::Policy::run_all)
    text += fmt::format(R"(, "missed": {{"run_all": {}}})", schedule.missed.max);
  if (schedule.spread.count() > 0) text += fmt::format(R"(, "spread": {})", quoted(schedule.spread));
  if (schedule.until) text += fmt::format(R"(, "until": "{}")", to_iso_seconds(*schedule.until));
  return text + "}";
}

// Everything but the stages and the thresholds.
std::string written(const Job& job) {
  std::string text = fmt::format(
      R"({{"name": {}, "call": {}, "targets": {}, "chunk_size": {}, "safe_to_repeat": {})", quoted(job.name),
      written(job.call), written(job.targets), job.chunk_size, job.safe_to_repeat);
  if (!job.tenant.empty()) text += fmt::format(R"(, "tenant": {})", quoted(job.tenant));
  if (job.compensate) text += fmt::format(R"(, "compensate": {})", written(*job.compensate));
  if (job.window) text += fmt::format(R"(, "window": {})", written(*job.window));
  if (job.schedule) text += fmt::format(R"(, "schedule": {})", written(*job.schedule));
  if (job.deadline) text += fmt::format(R"(, "deadline": {})", quoted(*job.deadline));
  if (job.devices_per_minute) text += fmt::format(R"(, "devices_per_minute": {})", *job.devices_per_minute);
  if (job.rate) text += fmt::format(R"(, "rate": {})", *job.rate);
  text += fmt::format(R"(, "conflict": "{}", "priority": "{}")", to_string(job.conflict),
                      to_string(job.priority));
  text += fmt::format(
      R"(, "on_doubt": "{}", "retry": {{"max_attempts": {}, "base": {}, "cap": {}, "deadline": {}}}}})",
      to_string(job.on_doubt), job.retry.max_attempts, quoted(job.retry.base), quoted(job.retry.cap),
      quoted(job.retry.deadline));
  return text;
}

void claim_values_are_in_range(const Job& job) {
  claim(!job.name.empty() && fuzz::is_free_of_controls(job.name), "a job's name can be shown", job.name);
  claim(!job.call.product_key.empty() && !job.call.identifier.empty(), "a job says what is called");
  claim(job.chunk_size >= 1 && job.chunk_size <= 100, "a chunk has 1 to 100 devices");
  claim(!job.rate || (*job.rate >= rate_min && *job.rate <= rate_max), "a rate is one that can be kept");
  claim(job.retry.max_attempts >= 1 && job.retry.base.count() > 0,
        "there is an attempt, and a wait after it");
  claim(job.retry.base <= job.retry.cap, "the first wait is no longer than the longest");
  claim(job.targets.devices.empty() || job.targets.devices_file.empty(), "there is one source of devices");

  boost::json::error_code error;
  const auto args = boost::json::parse(job.call.args, error);
  claim(!error && args.is_object(), "args are a strict JSON object", job.call.args);
}

bool is_number_up_to(std::string_view digits, std::size_t max) {
  if (digits.empty() || digits.size() > 9) return false;
  if (digits.find_first_not_of("0123456789") != digits.npos) return false;
  const std::size_t number = std::stoul(std::string{digits});
  return number >= 1 && number <= max;
}

// "job.json:LINE:COLUMN: …", where the text has that line and its columns.
bool has_place(std::string_view finding, std::string_view text) {
  constexpr std::string_view file = "job.json:";
  if (!finding.starts_with(file)) return false;
  finding.remove_prefix(file.size());
  const std::size_t colon = finding.find(':');
  if (colon == finding.npos) return false;
  const std::size_t end = finding.find(": ", colon + 1);
  if (end == finding.npos) return false;
  const auto breaks = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  return is_number_up_to(finding.substr(0, colon), breaks + 1) &&
         is_number_up_to(finding.substr(colon + 1, end - colon - 1), text.size() + 1);
}

void claim_findings_have_places(const Error& error, std::string_view text) {
  claim(error.kind == ErrorKind::invalid_input, "what is no job is invalid input", error.message);
  claim(!error.hint.empty(), "a refusal says what to do", error.message);
  claim(!error.message.empty(), "a refusal says what is wrong");
  for (std::string_view rest = error.message; !rest.empty();) {
    const auto [line, after] = fuzz::split_first_line(rest);
    claim(fuzz::is_free_of_controls(line), "a finding can be shown", line);
    claim(has_place(line, text) || line.starts_with("… and "), "a finding has its place", line);
    rest = after;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text = fuzz::text_of(bytes, size);

  const Result<Job> job = read_job("job.json", std::string{text});

  if (!job) {
    claim_findings_have_places(job.error(), text);
    return 0;
  }
  claim_values_are_in_range(*job);
  // A template's parameters are no part of the job.
  if (text.find("${") != text.npos) return 0;
  Job expected = *job;
  expected.rollout = {};
  const std::string again = written(expected);
  const Result<Job> reread = read_job("job.json", again);
  claim(reread.has_value(), "a job written out is a job", again);
  claim(*reread == expected, "a job written out is the same job", again);
  return 0;
}
