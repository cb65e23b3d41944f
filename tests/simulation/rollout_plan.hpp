// SPDX-License-Identifier: MIT
// How a run of a seed is rolled out: its stages, thresholds, hours and paces, as the operator wrote them. The
// questions are answered by arithmetic of the simulation's own: it must not agree with the product's
// mistakes.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "simulation/dice.hpp"
#include "sluice/core/time.hpp"

namespace sluice::simulation {

struct TolerancePlan {
  int count = 0;
  std::optional<int> percent;
  bool is_of_stage = false;
  int min_sample = 0;

  std::int64_t allowed(std::int64_t devices) const { return percent ? devices * *percent / 100 : count; }
};

struct CodePlan {
  std::string code;
  TolerancePlan devices;
};

struct StopPlan {
  std::optional<TolerancePlan> failed;
  std::optional<TolerancePlan> in_doubt;
  bool is_doubt_failure = true;
  std::optional<int> rejected_in_a_row;
  std::optional<CodePlan> code;
  bool cancels = false;
};

struct GatePlan {
  bool is_open = false;
  StopPlan rules;
  int min_sample = 1;
  bool is_asked_outside = false;
};

struct StagePlan {
  int devices = 0;
  std::chrono::milliseconds soak{0};
  bool wants_approval = false;
  GatePlan gate;
};

/// Hours of a zone whose clocks are never changed.
struct WindowPlan {
  struct Span {
    int from = 0;  ///< minute of the day there
    int to = 0;
  };
  std::string zone;
  std::chrono::minutes offset{0};  ///< ahead of UTC
  std::vector<Span> spans;

  bool is_open(UtcTime now) const;
};

struct RolloutPlan {
  std::vector<StagePlan> stages;  ///< empty: everything at once
  StopPlan abort;
  std::optional<WindowPlan> window;
  std::optional<std::chrono::milliseconds> deadline;
  std::optional<int> devices_per_minute;
  std::string priority = "normal";
  std::vector<bool> is_denied;  ///< of each device: on the account's deny list

  double weight() const { return priority == "emergency" ? 100 : priority == "normal" ? 10 : 1; }
};

/// The name of the n-th stage, from 1, of so many.
std::string stage_name(std::size_t number, std::size_t stages);

/// What a seed has of all this, each as a probability for a run.
struct RolloutOdds {
  double stages = 0;
  double thresholds = 0;
  double windows = 0;
  double deadlines = 0;
  double device_paces = 0;
  double priorities = 0;
  double denied = 0;  ///< for a device
};

/// Draws as much whatever the odds are.
RolloutPlan draw_rollout(Dice& dice, const RolloutOdds& odds, int devices, std::size_t chunk_size);

/// The members of a job file that say it, each with a comma before it.
std::string job_members(const RolloutPlan& plan);

}  // namespace sluice::simulation
