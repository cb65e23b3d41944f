// SPDX-License-Identifier: MIT
#include "app/plan_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "app/display_text.hpp"
#include "app/left_out.hpp"
#include "http_api/json_text.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

std::string line(std::string_view name, std::string_view content) {
  return fmt::format("{:<10} {}\n", name, content);
}

double in_seconds(std::chrono::microseconds time) { return std::chrono::duration<double>(time).count(); }

std::string floor_text(std::chrono::microseconds floor) {
  return floor == std::chrono::microseconds{0} ? "none" : long_duration_text(floor);
}

std::string time_text(const RunForecast& forecast) {
  if (forecast.time.is_endless) return "more than ten years: the window is too short for so many requests";
  return fmt::format("about {}, limited by: {}", long_duration_text(forecast.time.total),
                     to_string(binding_floor(forecast.time.floors)));
}

std::string floors_text(const TimeFloors& floors) {
  return fmt::format("request rate {}{}, device rate {}, soak and windows {}",
                     floor_text(floors.request_rate), floors.is_latency_bound ? " (latency × in-flight)" : "",
                     floor_text(floors.device_rate), floor_text(floors.soak_and_windows));
}

/// "canary: 20 devices, after 0s for 0.1s, limited by: request rate; then it soaks for 30m00s"
std::string stage_text(const PlannedStage& stage, const StageTime& time, bool is_last) {
  std::string text = fmt::format("{}: {}", printable(stage.name, 128), counted(stage.devices, "device"));
  if (stage.chunks == 0) return text;
  text += fmt::format(", after {} for {}, limited by: {}", long_duration_text(time.begins),
                      long_duration_text(time.ends - time.begins), to_string(binding_floor(time.floors)));
  if (stage.awaits_approval) text += "; waits for an approval before it, which is not foreseen";
  if (stage.soak > std::chrono::milliseconds{0} && !is_last)
    text += fmt::format("; then it soaks for {}", long_duration_text(stage.soak));
  return text;
}

/// Only what the job has: its stages, its window, its deadline.
std::string forecast_lines(const RunForecast& forecast) {
  std::string text = line("time", time_text(forecast)) + line("floors", floors_text(forecast.time.floors));
  for (std::size_t i = 0; forecast.stages.size() > 1 && i < forecast.stages.size(); ++i) {
    const bool is_last = i + 1 == forecast.stages.size();
    text += line("stage", stage_text(forecast.stages[i], forecast.time.stages[i], is_last));
  }
  if (forecast.window) {
    text += line("window", fmt::format("{}; the first request goes out at {}", window_text(*forecast.window),
                                       to_iso_seconds(forecast.first_send())));
  }
  if (forecast.deadline) text += line("deadline", to_iso_seconds(*forecast.deadline));
  if (const std::string warning = deadline_warning(forecast); !warning.empty())
    text += line("warning", warning);
  return text;
}

void add_floors(JsonText& json, const TimeFloors& floors) {
  json.member("limited_by", to_string(binding_floor(floors))).key("floors").begin_object();
  json.key("request_rate").decimal(in_seconds(floors.request_rate), 3);
  json.key("device_rate").decimal(in_seconds(floors.device_rate), 3);
  json.key("soak_and_windows").decimal(in_seconds(floors.soak_and_windows), 3);
  json.member("latency_bound", floors.is_latency_bound).end_object();
}

void add_stages(JsonText& json, const RunForecast& forecast) {
  json.key("stages").begin_array();
  for (std::size_t i = 0; i < forecast.stages.size(); ++i) {
    const PlannedStage& stage = forecast.stages[i];
    const StageTime& time = forecast.time.stages[i];
    json.begin_object().member("name", stage.name).member("devices", stage.devices);
    json.member("chunks", stage.chunks).member("awaits_approval", stage.awaits_approval);
    json.key("begins").decimal(in_seconds(time.begins), 3).key("ends").decimal(in_seconds(time.ends), 3);
    json.key("soak").decimal(in_seconds(stage.soak), 3);
    add_floors(json, time.floors);
    json.end_object();
  }
  json.end_array();
}

void add_forecast(JsonText& json, const RunForecast& forecast) {
  json.key("seconds_at_least").decimal(in_seconds(longest(forecast.time.floors)), 3);
  json.key("seconds_predicted").decimal(in_seconds(forecast.time.total), 3);
  add_floors(json, forecast.time.floors);
  json.member("starts_at", to_rfc3339(forecast.start));
  json.key("ends_at");
  forecast.time.is_endless ? json.null() : json.value(to_rfc3339(forecast.end()));
  json.member("devices_per_minute", forecast.devices_per_minute);
  json.key("window");
  forecast.window ? json.value(window_text(*forecast.window)) : json.null();
  json.key("deadline");
  forecast.deadline ? json.value(to_rfc3339(*forecast.deadline)) : json.null();
  json.key("warnings").begin_array();
  if (const std::string warning = deadline_warning(forecast); !warning.empty()) json.value(warning);
  json.end_array();
  add_stages(json, forecast);
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
  text += line("requests",
               fmt::format("at least {}, {} of {} bytes", grouped(plan.chunks),
                           plan.chunks == 1 ? "one" : "the largest", grouped(plan.largest_request_bytes)));
  text += line("rate", fmt::format("{}/s of the account's {}/s, at most {} in flight", rate_text(plan.rate),
                                   rate_text(plan.account_limit), plan.in_flight));
  text += forecast_lines(plan.forecast);
  for (const std::string& stop : plan.stops) text += line("stops", printable(stop, 512));
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
  add_forecast(json, plan.forecast);
  json.key("stops").begin_array();
  for (const std::string& stop : plan.stops) json.value(stop);
  json.end_array();
  json.member("worst_case_overshoot", worst_case_overshoot(plan));
  json.member("digest", plan.digest);
  return json.end_object().end_document().take();
}

}  // namespace sluice
