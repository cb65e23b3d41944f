// SPDX-License-Identifier: MIT
// What a run will consist of, counted exactly before anything is queued: a first reading of its targets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/core/result.hpp"
#include "sluice/core/stage_choice.hpp"
#include "sluice/jobfile/target_list.hpp"

namespace sluice {

struct SubmitRequest;

struct StageSurvey {
  std::string name;
  std::int64_t devices = 0;
  std::int64_t chunks = 0;

  bool operator==(const StageSurvey&) const = default;
};

struct Survey {
  TargetCounts counts;
  std::int64_t groups = 1;  ///< of devices that are sent the same arguments
  std::int64_t chunks = 0;
  std::vector<StageSurvey> stages;  ///< empty: the job has none
  std::optional<ChosenDevices>
      chosen;  ///< the first stage's devices; absent: it goes by the order of the list
  /// SHA-256 in hexadecimal over the job's text, the params, tenant, endpoint, rate, and each device with its
  /// arguments and its stage, in the order of the list.
  std::string digest;
};

/// To which stage each device belongs, in the order of the list. The survey must outlive it.
StageWalk stage_walk(const Survey& survey);

/// A chunk that the run will have: devices of one stage and one group.
struct PlannedChunk {
  int stage = 1;          ///< from 1
  std::size_t group = 0;  ///< from 0
  std::size_t devices = 0;
  std::string_view names;  ///< each followed by '\n'
};

/// Who wants to see the chunks as well. With stages that takes a second reading of the list.
struct PlanVisitor {
  /// Before the first chunk of the group, if the job's arguments are rendered.
  std::function<void(std::size_t group, std::string_view args)> group;
  std::function<void(const PlannedChunk&)> chunk;
};

/// Reads the targets, from their begin, to the end. What is kept meanwhile: up to 24 bytes a device for
/// stages (16 for a choice, 4 for groups), one chunk for each group, and hashes of at most 100,000 groups.
/// Fails with the list's errors; (refused) if the job wants no device that an unfinished run has, and there
/// are some; (invalid_input) if no device is left, or the first stage cannot be chosen.
Result<Survey> survey(TargetList& targets, const SubmitRequest& request, const PlanVisitor& visitor = {});

}  // namespace sluice
