// SPDX-License-Identifier: MIT
#include "simulation/rollout_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::simulation {
namespace {

using namespace std::chrono_literals;

constexpr int minutes_of_day = 24 * 60;
/// When a seed begins, in UTC: 08:53.
constexpr int first_minute = 533;

TolerancePlan draw_tolerance(Dice& dice, int stage_devices, int run_devices) {
  static constexpr std::array<int, 6> percents{0, 2, 5, 10, 25, 50};
  TolerancePlan plan;
  plan.is_of_stage = dice.chance(0.5);
  const int devices = plan.is_of_stage ? stage_devices : run_devices;
  plan.count = static_cast<int>(dice.log_between(1, devices + 2)) - 1;
  const int percent = percents[static_cast<std::size_t>(dice.between(0, 5))];
  if (dice.chance(0.4)) plan.percent = percent;
  if (dice.chance(0.35)) plan = {.count = 0, .percent = {}, .is_of_stage = plan.is_of_stage};
  const auto sample = static_cast<int>(dice.between(0, std::max(devices, 0)));
  if (dice.chance(0.2)) plan.min_sample = sample;
  return plan;
}

StopPlan draw_stop(Dice& dice, int stage_devices, int run_devices) {
  static const std::array<std::string, 4> codes{"iot.device.NotExistedDevice", "process_lost",
                                                "ServiceUnavailable", "sluice.denied"};
  StopPlan plan;
  const TolerancePlan failed = draw_tolerance(dice, stage_devices, run_devices);
  const TolerancePlan in_doubt = draw_tolerance(dice, stage_devices, run_devices);
  const TolerancePlan of_code = draw_tolerance(dice, stage_devices, run_devices);
  if (dice.chance(0.6)) plan.failed = failed;
  if (dice.chance(0.35)) plan.in_doubt = in_doubt;
  plan.is_doubt_failure = dice.chance(0.6);
  const auto row = static_cast<int>(dice.between(1, 4));
  if (dice.chance(0.2)) plan.rejected_in_a_row = row;
  const std::string& code = codes[static_cast<std::size_t>(dice.between(0, 3))];
  if (dice.chance(0.25)) plan.code = CodePlan{code, of_code};
  plan.cancels = dice.chance(0.25);
  return plan;
}

std::vector<StagePlan> draw_stages(Dice& dice, int devices) {
  std::vector<StagePlan> stages(static_cast<std::size_t>(dice.between(1, 5)));
  int left = devices;
  for (std::size_t i = 0; i < 5; ++i) {
    // Five times, so that what comes after does not depend on how many there are.
    StagePlan unused;
    const bool is_there = i < stages.size();
    StagePlan& stage = is_there ? stages[i] : unused;
    const double share = dice.uniform();
    const bool is_small = dice.chance(0.4);
    const bool is_last = i + 1 == stages.size();
    stage.devices = is_last ? left : std::min(left, static_cast<int>((is_small ? 0.1 : 1.0) * share * left));
    if (is_there) left -= stage.devices;
    const auto soak = std::chrono::duration_cast<std::chrono::milliseconds>(dice.span(100ms, 40min));
    if (dice.chance(0.5)) stage.soak = soak;
    stage.wants_approval = dice.chance(0.3);
    stage.gate.is_open = dice.chance(0.2);
    stage.gate.rules = draw_stop(dice, stage.devices, devices);
    const auto sample = static_cast<int>(dice.between(0, std::max(stage.devices, 0)));
    stage.gate.min_sample = dice.chance(0.5) ? sample : std::min(1, stage.devices);
    stage.gate.is_asked_outside = dice.chance(0.25);
    // As the job file's reader has it.
    if (!stage.gate.rules.failed) stage.gate.rules.failed = TolerancePlan{.percent = 5, .is_of_stage = true};
    if (stage.gate.is_open) stage.gate = GatePlan{.is_open = true};
  }
  // Nothing follows the last one that could wait; a job that says so is refused.
  stages.back().soak = 0ms;
  stages.back().gate.is_asked_outside = false;
  return stages;
}

WindowPlan draw_window(Dice& dice) {
  struct Zone {
    const char* name;
    std::chrono::minutes offset;
  };
  static constexpr std::array<Zone, 3> zones{
      {{"UTC", 0min}, {"Asia/Shanghai", 8h}, {"Asia/Kolkata", 5h + 30min}}};
  const Zone& zone = zones[static_cast<std::size_t>(dice.between(0, 2))];
  WindowPlan plan{.zone = zone.name, .offset = zone.offset, .spans = {}};
  const auto local = [&zone](int minute) {
    return static_cast<int>((minute + zone.offset.count()) % minutes_of_day);
  };
  int minute = first_minute - static_cast<int>(dice.between(0, 12));
  const int end = first_minute + 12 * 60;
  while (minute < end) {
    const bool is_early = minute < first_minute + 60;
    const int open_for = static_cast<int>(dice.between(1, is_early ? 10 : 240));
    const int closed_for = static_cast<int>(dice.between(1, is_early ? 8 : 120));
    plan.spans.push_back({local(minute), local(minute + open_for)});
    minute += open_for + closed_for;
  }
  return plan;
}

std::string time_text(int minute) { return fmt::format("{:02}:{:02}", minute / 60, minute % 60); }

std::string json_of(const TolerancePlan& plan) {
  const std::string limit = plan.percent ? fmt::format("\"{}%\"", *plan.percent) : fmt::to_string(plan.count);
  return fmt::format(R"({{"max":{},"of":"{}","min_sample":{}}})", limit, plan.is_of_stage ? "stage" : "run",
                     plan.min_sample);
}

std::string json_of(const StopPlan& plan) {
  std::string text = fmt::format(R"("in_doubt_counts_as_failed":{},"action":"{}")", plan.is_doubt_failure,
                                 plan.cancels ? "cancel" : "pause");
  if (plan.failed) text += fmt::format(R"(,"failed":{})", json_of(*plan.failed));
  if (plan.in_doubt) text += fmt::format(R"(,"in_doubt":{})", json_of(*plan.in_doubt));
  if (plan.rejected_in_a_row) text += fmt::format(R"(,"rejected_in_a_row":{})", *plan.rejected_in_a_row);
  if (plan.code) text += fmt::format(R"(,"codes":{{"{}":{}}})", plan.code->code, json_of(plan.code->devices));
  return text;
}

std::string json_of(const GatePlan& gate) {
  if (gate.is_open) return "\"none\"";
  return fmt::format("{{{},\"min_sample\":{}{}}}", json_of(gate.rules), gate.min_sample,
                     gate.is_asked_outside ? R"(,"check":{"command":["healthy"],"every":"20s"})" : "");
}

std::string json_of_stage(const std::vector<StagePlan>& stages, std::size_t index) {
  const StagePlan& stage = stages[index];
  const bool is_last = index + 1 == stages.size();
  // How many devices a stage has is said by the import.
  std::string text =
      fmt::format(R"({{"name":"{}",{},"approval":{},"gate":{})", stage_name(index + 1, stages.size()),
                  is_last ? "\"percent\":100" : fmt::format("\"devices\":{}", std::max(1, stage.devices)),
                  stage.wants_approval, json_of(stage.gate));
  if (stage.soak > 0ms) text += fmt::format(R"(,"soak":"{}ms")", stage.soak.count());
  return text + "}";
}

}  // namespace

std::string stage_name(std::size_t number, std::size_t stages) {
  return stages == 1 ? "all" : fmt::format("s{}", number);
}

bool WindowPlan::is_open(UtcTime now) const {
  const auto minutes = std::chrono::floor<std::chrono::minutes>(now.time_since_epoch() + offset).count();
  const auto minute = static_cast<int>(minutes % minutes_of_day);
  return std::any_of(spans.begin(), spans.end(), [minute](const Span& span) {
    if (span.from < span.to) return span.from <= minute && minute < span.to;
    return span.from <= minute || minute < span.to;
  });
}

RolloutPlan draw_rollout(Dice& dice, const RolloutOdds& odds, int devices, std::size_t chunk_size) {
  RolloutPlan plan;
  std::vector<StagePlan> stages = draw_stages(dice, devices);
  if (dice.chance(odds.stages)) plan.stages = std::move(stages);
  const StopPlan abort = draw_stop(dice, devices, devices);
  if (dice.chance(odds.thresholds)) plan.abort = abort;
  WindowPlan window = draw_window(dice);
  if (dice.chance(odds.windows)) plan.window = std::move(window);
  const auto deadline = std::chrono::duration_cast<std::chrono::milliseconds>(dice.span(2s, 30min));
  if (dice.chance(odds.deadlines)) plan.deadline = deadline;
  // Such that the run takes some minutes at most.
  const double pace =
      dice.log_between(0.3, 3) * std::max(static_cast<double>(devices) / 2, static_cast<double>(chunk_size));
  if (dice.chance(odds.device_paces))
    plan.devices_per_minute = std::max(static_cast<int>(chunk_size), static_cast<int>(pace));
  const auto priority = dice.between(0, 2);
  if (dice.chance(odds.priorities))
    plan.priority = priority == 0 ? "emergency" : priority == 1 ? "normal" : "bulk";
  for (int i = 0; i < devices; ++i) plan.is_denied.push_back(dice.chance(odds.denied));
  return plan;
}

std::string job_members(const RolloutPlan& plan) {
  std::string text = fmt::format(R"(,"priority":"{}")", plan.priority);
  if (!plan.stages.empty()) {
    text += ",\"stages\":[";
    for (std::size_t i = 0; i < plan.stages.size(); ++i)
      text += (i == 0 ? "" : ",") + json_of_stage(plan.stages, i);
    text += "]";
  }
  text += fmt::format(R"(,"abort":{{{}}})", json_of(plan.abort));
  if (plan.window) {
    std::vector<std::string> spans;
    for (const WindowPlan::Span& span : plan.window->spans)
      spans.push_back(fmt::format("\"{}-{}\"", time_text(span.from), time_text(span.to)));
    text +=
        fmt::format(R"(,"window":{{"zone":"{}","allow":[{}]}})", plan.window->zone, fmt::join(spans, ","));
  }
  if (plan.deadline) text += fmt::format(R"(,"deadline":"{}ms")", plan.deadline->count());
  if (plan.devices_per_minute) text += fmt::format(R"(,"devices_per_minute":{})", *plan.devices_per_minute);
  return text;
}

}  // namespace sluice::simulation
