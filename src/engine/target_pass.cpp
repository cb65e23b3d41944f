// SPDX-License-Identifier: MIT
#include "engine/target_pass.hpp"

#include <fmt/format.h>

namespace sluice {

TargetPass::TargetPass(TargetList& targets, const SubmitRequest& request)
    : targets_(targets), has_arguments_(targets.rules().arguments.has_value()) {
  digest_.add("sluice plan 1");
  digest_.add(request.job_text);
  digest_.add(request.tenant);
  digest_.add(request.endpoint);
  digest_.add(fmt::format("{}", request.rate));
  const ParameterValues& params = targets.rules().params;
  digest_.add(fmt::format("{}", params.size()));
  for (const auto& [name, json] : params) {
    digest_.add(name);
    digest_.add(json);
  }
}

Result<std::optional<GroupedTarget>> TargetPass::next() {
  const auto target = targets_.next();
  if (!target) return target.error();
  if (!*target) return std::optional<GroupedTarget>();
  GroupedTarget grouped{.target = **target};
  digest_.add(grouped.target.name);
  if (!has_arguments_) return std::optional(grouped);
  const std::size_t known = groups_.size();
  const auto group = groups_.group_of(grouped.target);
  if (!group) return group.error();
  grouped.group = *group;
  grouped.is_first_of_group = groups_.size() > known;
  digest_.add(fmt::format_int(*group).c_str());
  if (grouped.is_first_of_group) {
    digest_.add(grouped.target.args);
    digest_.add(grouped.target.compensate_args);
  }
  return std::optional(grouped);
}

std::string TargetPass::digest(const std::vector<StageSurvey>& stages, const ChosenDevices* chosen) {
  // No name is empty, so the devices end here.
  digest_.add("");
  for (const StageSurvey& stage : stages) {
    digest_.add(stage.name);
    digest_.add(fmt::format("{}", stage.devices));
  }
  digest_.add("");
  if (chosen) {
    for (const Draw& draw : chosen->draws()) digest_.add(fmt::format("{:016x}{:016x}", draw.high, draw.low));
  }
  return digest_.finish();
}

}  // namespace sluice
