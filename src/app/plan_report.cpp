// SPDX-License-Identifier: MIT
#include "app/plan_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "app/display_text.hpp"
#include "app/json_text.hpp"
#include "app/left_out.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

std::string line(std::string_view name, std::string_view content) {
  return fmt::format("{:<10} {}\n", name, content);
}

// A plan of centuries is still a plan; the conversion must not overflow.
std::string time_text(double seconds) {
  constexpr double longest = 100.0 * 24 * 3600;
  return duration_text(std::chrono::round<std::chrono::nanoseconds>(
      std::chrono::duration<double>(std::min(seconds, longest))));
}

std::string overshoot_text(const Plan& plan) {
  const std::int64_t overshoot = worst_case_overshoot(plan);
  std::string text = fmt::format("a stop comes too late for at most {}", counted(overshoot, "device"));
  if (overshoot < plan.in_flight * plan.chunk_size) {
    return text +
           fmt::format(" (all of them: up to {} may be in flight)", counted(plan.in_flight, "request"));
  }
  return text + fmt::format(" ({} in flight × {})", counted(plan.in_flight, "request"),
                            counted(plan.chunk_size, "device"));
}

std::string stage_line(std::size_t number, const StageSurvey& stage) {
  return line(fmt::format("stage {}", number),
              fmt::format("{}: {} in {}", printable(stage.name, 64), counted(stage.devices, "device"),
                          counted(stage.chunks, "chunk")));
}

std::string_view doubt_text(const Plan& plan) {
  if (plan.safe_to_repeat) return "sent again: the job says that this is safe";
  switch (plan.on_doubt) {
    case OnDoubt::resend:
      return "sent again, as the job says: some devices may get the command twice";
    case OnDoubt::presume:
      return "counted as accepted, presumed: the job says so";
    case OnDoubt::hold:
      break;
  }
  return "never sent again without your word";
}

}  // namespace

Estimate estimate(std::int64_t chunks, double rate, int in_flight, std::chrono::milliseconds latency) {
  assert(rate > 0 && in_flight > 0);
  if (chunks <= 0) return {};
  const double intervals = static_cast<double>(chunks - 1);
  const double latency_seconds = std::chrono::duration<double>(latency).count();
  // Little's law: so many at once, each so long, make at most this many a second.
  const bool latency_binds = latency_seconds * rate > in_flight;
  if (latency_binds) return {intervals * latency_seconds / in_flight, LimitedBy::latency};
  return {intervals / rate, LimitedBy::request_rate};
}

std::int64_t worst_case_overshoot(const Plan& plan) {
  return std::min(plan.devices, plan.in_flight * plan.chunk_size);
}

std::string plan_text(const Plan& plan) {
  std::string text;
  text += line("job", printable(plan.job_name, 256));
  text += line("tenant", fmt::format("{} at {}", printable(plan.tenant, 256), printable(plan.endpoint, 512)));
  text += line("devices", fmt::format("{}{}", grouped(plan.devices),
                                      plan.duplicates > 0 ? fmt::format(" ({} repeated names left out)",
                                                                        grouped(plan.duplicates))
                                                          : ""));
  if (const std::string left_out = left_out_text(plan.left_out); !left_out.empty())
    text += line("left out", left_out);
  if (plan.groups > 1) text += line("arguments", fmt::format("{} different ones", grouped(plan.groups)));
  text += line("chunks",
               fmt::format("{} of at most {}", grouped(plan.chunks), counted(plan.chunk_size, "device")));
  for (std::size_t i = 0; i < plan.stages.size(); ++i) text += stage_line(i + 1, plan.stages[i]);
  text += line("requests",
               fmt::format("at least {}, {} of {} bytes", grouped(plan.chunks),
                           plan.chunks == 1 ? "one" : "the largest", grouped(plan.largest_request_bytes)));
  text += line("rate", fmt::format("{}/s of the account's {}/s, at most {} in flight", rate_text(plan.rate),
                                   rate_text(plan.account_limit), plan.in_flight));
  text += line("time", fmt::format("at least {}, limited by: {}", time_text(plan.at_least.seconds),
                                   to_string(plan.at_least.limited_by)));
  text += line("overshoot", overshoot_text(plan));
  text += line("in doubt", doubt_text(plan));
  text += "Nothing was sent.";
  if (!plan.next_command.empty()) text += fmt::format(" Next: {}", printable(plan.next_command));
  return text + "\n";
}

std::string plan_json(const Plan& plan) {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version);
  json.member("job", plan.job_name).member("tenant", plan.tenant).member("endpoint", plan.endpoint);
  json.member("devices", plan.devices).member("duplicates", plan.duplicates);
  json.member("unmatched", plan.left_out.unmatched).member("excluded", plan.left_out.excluded);
  json.member("denied", plan.left_out.denied).member("groups", plan.groups);
  json.member("chunks", plan.chunks).member("chunk_size", plan.chunk_size);
  json.member("requests", plan.chunks).member("largest_request_bytes", plan.largest_request_bytes);
  json.member("rate", plan.rate).member("account_limit", plan.account_limit);
  json.member("in_flight", plan.in_flight).member("safe_to_repeat", plan.safe_to_repeat);
  json.member("on_doubt", to_string(plan.on_doubt));
  json.key("seconds_at_least").decimal(plan.at_least.seconds, 3);
  json.member("limited_by", to_string(plan.at_least.limited_by));
  json.member("worst_case_overshoot", worst_case_overshoot(plan));
  json.key("stages").begin_array();
  for (const StageSurvey& stage : plan.stages) {
    json.begin_object().member("name", stage.name).member("devices", stage.devices);
    json.member("chunks", stage.chunks).end_object();
  }
  json.end_array().member("digest", plan.digest);
  return json.end_object().end_document().take();
}

}  // namespace sluice
