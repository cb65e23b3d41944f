// SPDX-License-Identifier: MIT
#include "sluice/core/run_tally.hpp"

namespace sluice {

std::int64_t settled(const StageTally& stage) {
  return stage.accepted + stage.failed + stage.in_doubt + stage.canceled;
}

StageTally total(const RunTally& run) {
  StageTally sum;
  for (const StageTally& stage : run.stages) {
    sum.devices += stage.devices;
    sum.accepted += stage.accepted;
    sum.failed += stage.failed;
    sum.in_doubt += stage.in_doubt;
    sum.canceled += stage.canceled;
    for (const auto& [code, devices] : stage.bad_by_code) sum.bad_by_code[code] += devices;
  }
  return sum;
}

bool is_rejection(OutcomeKind outcome) {
  return outcome == OutcomeKind::rejected_devices || outcome == OutcomeKind::rejected_job;
}

void heed(RunTally& run, const ChunkResult& result) {
  if (result.outcome == OutcomeKind::accepted) run.rejected_in_a_row = 0;
  if (is_rejection(result.outcome) && !result.is_part) ++run.rejected_in_a_row;

  StageTally& stage = run.stages.at(static_cast<std::size_t>(result.stage - 1));
  switch (result.state) {
    case ChunkState::succeeded:
      stage.accepted += result.devices;
      break;
    case ChunkState::failed:
      stage.failed += result.devices;
      stage.bad_by_code[result.code] += result.devices;
      break;
    case ChunkState::in_doubt:
      stage.in_doubt += result.devices;
      stage.bad_by_code[result.code] += result.devices;
      break;
    case ChunkState::canceled:
      stage.canceled += result.devices;
      break;
    case ChunkState::pending:
    case ChunkState::in_flight:
    case ChunkState::split:
      break;
  }
}

}  // namespace sluice
