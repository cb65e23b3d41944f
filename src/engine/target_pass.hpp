// SPDX-License-Identifier: MIT
// One reading of a run's targets: each with its group, and all of it digested. A run is read twice, and both
// readings must come to the same digest.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "engine/argument_groups.hpp"
#include "engine/plan_digest.hpp"
#include "sluice/core/result.hpp"
#include "sluice/engine/submit.hpp"
#include "sluice/engine/survey.hpp"
#include "sluice/jobfile/target_list.hpp"

namespace sluice {

/// A target and the number of its group, from 0.
struct GroupedTarget {
  Target target;
  std::size_t group = 0;
  bool is_first_of_group = false;
};

class TargetPass {
 public:
  /// @param targets at their begin
  TargetPass(TargetList& targets, const SubmitRequest& request);

  /// Absent: the end.
  Result<std::optional<GroupedTarget>> next();

  std::size_t groups() const { return groups_.size(); }
  /// At the end, once.
  std::string digest(const std::vector<StageSurvey>& stages, const ChosenDevices* chosen);

 private:
  TargetList& targets_;
  bool has_arguments_;
  ArgumentGroups groups_;
  PlanDigest digest_;
};

}  // namespace sluice
