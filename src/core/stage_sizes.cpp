// SPDX-License-Identifier: MIT
#include "sluice/core/stage_sizes.hpp"

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>

namespace sluice {
namespace {

/// Up to which device of the run the stage goes.
std::int64_t reach_of(const Stage& stage, bool is_first, std::int64_t before, std::int64_t devices) {
  if (is_first && stage.choice.kind == StageChoice::Kind::named) {
    const std::set<std::string> named(stage.choice.devices.begin(), stage.choice.devices.end());
    return static_cast<std::int64_t>(named.size());
  }
  if (stage.devices) return *stage.devices >= devices - before ? devices : before + *stage.devices;
  if (!stage.percent) return devices;
  const std::int64_t whole = everything.hundredths;
  // Divided first, so that no number of devices is too large.
  const std::int64_t rest = devices % whole * stage.percent->hundredths;
  return devices / whole * stage.percent->hundredths + (rest + whole - 1) / whole;
}

}  // namespace

std::vector<std::int64_t> stage_sizes(const std::vector<Stage>& stages, std::int64_t devices) {
  if (stages.empty()) return {devices};
  std::vector<std::int64_t> sizes;
  std::int64_t before = 0;
  for (const Stage& stage : stages) {
    const std::int64_t reach = std::clamp(reach_of(stage, sizes.empty(), before, devices), before, devices);
    sizes.push_back(reach - before);
    before = reach;
  }
  return sizes;
}

}  // namespace sluice
