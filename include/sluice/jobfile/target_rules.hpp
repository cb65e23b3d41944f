// SPDX-License-Identifier: MIT
// What a job file says about each device by itself: whether it is meant, and what it is sent. Read from the
// same text as the Job, with what the command line sets.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sluice/core/result.hpp"
#include "sluice/jobfile/argument_template.hpp"
#include "sluice/jobfile/condition.hpp"
#include "sluice/jobfile/device_record.hpp"
#include "sluice/jobfile/parameter.hpp"

namespace sluice {

/// Arguments that are not the same for every run, or not for every device. Bound.
struct Arguments {
  ArgumentTemplate args;
  std::optional<ArgumentTemplate> compensate_args;  ///< absent: the job has no compensation
};

struct TargetRules {
  std::optional<Condition> where;
  ParameterValues params;
  std::optional<Arguments> arguments;  ///< absent: what the job file has is sent as it stands there
  /// What all these look at: those of `where` first, in its order.
  std::vector<WantedColumn> columns;
  std::vector<WantedColumn> stratify_by;  ///< of the first stage
};

/// Fails (invalid_input) as read_job() does, and (usage) as settle_parameters() does.
Result<TargetRules> read_target_rules(std::string file, std::string text,
                                      const std::vector<ParameterSetting>& settings);

}  // namespace sluice
