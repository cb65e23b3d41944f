// SPDX-License-Identifier: MIT
#include "sluice/core/stop_rules.hpp"

#include <fmt/format.h>

#include <numeric>
#include <string_view>

namespace sluice {
namespace {

std::string_view ordinal_ending(std::int64_t number) {
  if (number % 100 >= 11 && number % 100 <= 13) return "th";
  switch (number % 10) {
    case 1:
      return "st";
    case 2:
      return "nd";
    case 3:
      return "rd";
    default:
      return "th";
  }
}

std::string percent_text(Percent percent) {
  if (percent.hundredths % 100 == 0) return fmt::format("{} %", percent.hundredths / 100);
  return fmt::format("{}.{:02} %", percent.hundredths / 100, percent.hundredths % 100);
}

std::string_view verb_of(StopAction action) { return action == StopAction::pause ? "pauses" : "cancels"; }

/// A stage among its run: what a share can be of.
struct Scope {
  const StageTally& stage;
  const StageTally& run;
  std::string stage_name;  ///< empty: the run has no stages

  const StageTally& of(ShareOf share) const { return share == ShareOf::stage ? stage : run; }
  std::string place(ShareOf share) const {
    return share == ShareOf::stage && !stage_name.empty() ? " in stage " + stage_name : std::string{};
  }
};

std::int64_t failed_devices(const StopRules& rules, const StageTally& tally) {
  return tally.failed + (rules.is_doubt_failure ? tally.in_doubt : 0);
}

std::string_view failed_words(const StopRules& rules) {
  return rules.is_doubt_failure ? "failed or are in doubt" : "failed";
}

/// What a tolerance has to say of so many bad ones.
std::optional<std::string> excess(const Tolerance& tolerance, std::int64_t bad, const Scope& scope,
                                  std::string_view what) {
  const StageTally& all = scope.of(tolerance.of);
  const std::int64_t limit = tolerated(tolerance, all.devices);
  if (bad <= limit || settled(all) < tolerance.min_sample) return std::nullopt;
  return fmt::format("{} of {} devices{} {}, and {} {} tolerated", bad, all.devices,
                     scope.place(tolerance.of), what, limit, limit == 1 ? "is" : "are");
}

std::int64_t bad_with_code(const StageTally& tally, const std::string& code) {
  const auto found = tally.bad_by_code.find(code);
  return found == tally.bad_by_code.end() ? 0 : found->second;
}

/// A limit and what counts against it.
struct Limit {
  const Tolerance& tolerance;
  std::int64_t bad = 0;
  std::string what;
  bool is_worse = false;  ///< the newest result counts against it
};

std::vector<Limit> limits_of(const StopRules& rules, const Scope& scope, const ChunkResult* newest) {
  const bool is_doubt = newest != nullptr && newest->state == ChunkState::in_doubt;
  const bool is_failure = newest != nullptr && newest->state == ChunkState::failed;
  std::vector<Limit> limits;
  if (rules.failed) {
    limits.push_back({*rules.failed, failed_devices(rules, scope.of(rules.failed->of)),
                      std::string{failed_words(rules)}, is_failure || (is_doubt && rules.is_doubt_failure)});
  }
  if (rules.in_doubt)
    limits.push_back({*rules.in_doubt, scope.of(rules.in_doubt->of).in_doubt, "are in doubt", is_doubt});
  for (const CodeTolerance& code : rules.codes) {
    limits.push_back({code.devices, bad_with_code(scope.of(code.devices.of), code.code),
                      "ended with " + code.code, (is_failure || is_doubt) && newest->code == code.code});
  }
  return limits;
}

/// Whether the newest result is the one that a rule's sample has waited for.
bool completes_sample(const Tolerance& tolerance, const Scope& scope, const ChunkResult& newest) {
  const bool counts = newest.state == ChunkState::succeeded || newest.state == ChunkState::failed ||
                      newest.state == ChunkState::in_doubt;
  const std::int64_t settled_now = settled(scope.of(tolerance.of));
  return counts && settled_now >= tolerance.min_sample && settled_now - newest.devices < tolerance.min_sample;
}

std::optional<std::string> reason_to_stop(const StopRules& rules, const Scope& scope, const RunTally& tally,
                                          const ChunkResult& newest) {
  for (const Limit& limit : limits_of(rules, scope, &newest)) {
    if (!limit.is_worse && !completes_sample(limit.tolerance, scope, newest)) continue;
    if (auto reason = excess(limit.tolerance, limit.bad, scope, limit.what)) return reason;
  }
  const bool is_refusal = is_rejection(newest.outcome) && !newest.is_part;
  if (is_refusal && rules.rejected_in_a_row && tally.rejected_in_a_row >= *rules.rejected_in_a_row) {
    return fmt::format("{} chunks in a row were refused", tally.rejected_in_a_row);
  }
  return std::nullopt;
}

std::string sentence(const StopRules& rules, const Tolerance& tolerance, std::int64_t stage_devices,
                     std::int64_t run_devices, std::string_view what) {
  const std::int64_t devices = tolerance.of == ShareOf::stage ? stage_devices : run_devices;
  const std::int64_t first_too_many = tolerated(tolerance, devices) + 1;
  if (first_too_many > devices) {
    return fmt::format("never {} because a device {}: {} are tolerated, and there are {}",
                       verb_of(rules.action), what, first_too_many - 1, devices);
  }
  std::string text = fmt::format("{} when the {}{} of {} devices {}", verb_of(rules.action), first_too_many,
                                 ordinal_ending(first_too_many), devices, what);
  if (tolerance.percent) {
    text += fmt::format(" ({} of the {} tolerated)", percent_text(*tolerance.percent),
                        tolerance.of == ShareOf::stage ? "stage" : "run");
  }
  if (tolerance.min_sample > 0) text += fmt::format(", once {} have a result", tolerance.min_sample);
  return text;
}

struct NamedTolerance {
  std::string name;
  const Tolerance* tolerance;
};

std::vector<NamedTolerance> tolerances_of(const StopRules& rules) {
  std::vector<NamedTolerance> all;
  if (rules.failed) all.push_back({"failed", &*rules.failed});
  if (rules.in_doubt) all.push_back({"in_doubt", &*rules.in_doubt});
  for (std::size_t i = 0; i < rules.codes.size(); ++i) {
    all.push_back({fmt::format("codes[{}]", i), &rules.codes[i].devices});
  }
  return all;
}

/// @param run_devices of the run, as far as it has come when the rules are asked
void find_impossible(const StopRules& rules, const std::string& path, std::int64_t stage_devices,
                     std::int64_t run_devices, std::vector<std::string>& found) {
  for (const auto& [name, tolerance] : tolerances_of(rules)) {
    const bool is_of_stage = tolerance->of == ShareOf::stage;
    const std::int64_t devices = is_of_stage ? stage_devices : run_devices;
    if (tolerance->min_sample <= devices) continue;
    found.push_back(fmt::format("{}.{}.min_sample: {} devices are wanted, and the {} has only {}", path, name,
                                tolerance->min_sample, is_of_stage ? "stage" : "run", devices));
  }
}

}  // namespace

std::int64_t tolerated(const Tolerance& tolerance, std::int64_t devices) {
  if (!tolerance.percent) return tolerance.count;
  return devices * tolerance.percent->hundredths / everything.hundredths;
}

std::optional<Trip> judge(const Rollout& rollout, const RunTally& tally, const ChunkResult& newest) {
  const StageTally run = total(tally);
  const auto index = static_cast<std::size_t>(newest.stage - 1);
  const bool has_stages = index < rollout.stages.size();
  const Scope scope{tally.stages.at(index), run, has_stages ? rollout.stages[index].name : std::string{}};
  const auto trip_of = [&](const StopRules& rules) -> std::optional<Trip> {
    auto reason = reason_to_stop(rules, scope, tally, newest);
    if (!reason) return std::nullopt;
    return Trip{rules.action, *std::move(reason)};
  };
  std::optional<Trip> of_gate;
  if (has_stages) of_gate = trip_of(rollout.stages[index].gate.rules);
  if (of_gate && of_gate->action == StopAction::cancel) return of_gate;
  std::optional<Trip> of_run = trip_of(rollout.abort);
  const bool is_run_canceled = of_run && of_run->action == StopAction::cancel;
  return of_gate && !is_run_canceled ? of_gate : of_run;
}

std::vector<std::string> passed_limits(const StopRules& rules, const Stage& stage, const StageTally& of_stage,
                                       const StageTally& of_run) {
  const Scope scope{of_stage, of_run, stage.name};
  std::vector<std::string> passed;
  for (const Limit& limit : limits_of(rules, scope, nullptr)) {
    if (auto reason = excess(limit.tolerance, limit.bad, scope, limit.what))
      passed.push_back(*std::move(reason));
  }
  return passed;
}

std::vector<std::string> missing_samples(const StopRules& rules, const StageTally& of_stage,
                                         const StageTally& of_run) {
  const Scope scope{of_stage, of_run, {}};
  std::vector<std::string> missing;
  for (const Limit& limit : limits_of(rules, scope, nullptr)) {
    const std::int64_t sample = settled(scope.of(limit.tolerance.of));
    if (sample >= limit.tolerance.min_sample) continue;
    missing.push_back(fmt::format("{} devices have a result, and a limit of it wants {}", sample,
                                  limit.tolerance.min_sample));
  }
  return missing;
}

std::vector<std::string> sentences(const StopRules& rules, std::int64_t stage_devices,
                                   std::int64_t run_devices) {
  std::vector<std::string> all;
  if (rules.failed) {
    const std::string_view what = rules.is_doubt_failure ? "fails or is in doubt" : "fails";
    all.push_back(sentence(rules, *rules.failed, stage_devices, run_devices, what));
  }
  if (rules.in_doubt)
    all.push_back(sentence(rules, *rules.in_doubt, stage_devices, run_devices, "is in doubt"));
  for (const CodeTolerance& code : rules.codes) {
    all.push_back(sentence(rules, code.devices, stage_devices, run_devices, "ends with " + code.code));
  }
  if (rules.rejected_in_a_row) {
    all.push_back(fmt::format("{} when {} chunks in a row are refused", verb_of(rules.action),
                              *rules.rejected_in_a_row));
  }
  return all;
}

std::vector<std::string> impossible_samples(const Rollout& rollout,
                                            const std::vector<std::int64_t>& stage_devices) {
  std::vector<std::string> found;
  const std::int64_t run = std::accumulate(stage_devices.begin(), stage_devices.end(), std::int64_t{0});
  std::int64_t until_then = 0;
  for (std::size_t i = 0; i < rollout.stages.size() && i < stage_devices.size(); ++i) {
    until_then += stage_devices[i];
    // A stage that has no devices is passed over.
    if (stage_devices[i] == 0) continue;
    const Gate& gate = rollout.stages[i].gate;
    const std::string path = fmt::format("stages[{}].gate", i);
    find_impossible(gate.rules, path, stage_devices[i], until_then, found);
    if (!gate.is_open && gate.min_sample > stage_devices[i]) {
      found.push_back(fmt::format("{}.min_sample: {} devices are wanted, and the stage has only {}", path,
                                  gate.min_sample, stage_devices[i]));
    }
  }
  find_impossible(rollout.abort, "abort", run, run, found);
  return found;
}

}  // namespace sluice
