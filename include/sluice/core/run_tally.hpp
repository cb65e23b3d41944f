// SPDX-License-Identifier: MIT
// How the devices of a run stand, stage by stage: what gates and thresholds are judged by.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sluice/core/chunk.hpp"
#include "sluice/core/outcome.hpp"

namespace sluice {

/// Devices.
struct StageTally {
  std::int64_t devices = 0;
  std::int64_t accepted = 0;  ///< presumed ones included
  std::int64_t failed = 0;
  std::int64_t in_doubt = 0;
  std::int64_t canceled = 0;
  std::map<std::string, std::int64_t> bad_by_code;  ///< failed or in doubt, by the code of their last result

  bool operator==(const StageTally&) const = default;
};

/// Those that have a result.
std::int64_t settled(const StageTally& stage);

/// What an attempt made of its chunk.
struct ChunkResult {
  int stage = 1;
  int devices = 1;
  bool is_part = false;  ///< of a chunk that was split
  ChunkState state = ChunkState::pending;
  OutcomeKind outcome = OutcomeKind::accepted;
  std::string code;
};

struct RunTally {
  std::vector<StageTally> stages{1};   ///< never empty: a run without stages is one
  std::int64_t rejected_in_a_row = 0;  ///< whole chunks, since the last one that was accepted

  bool operator==(const RunTally&) const = default;
};

/// The stages added up.
StageTally total(const RunTally& run);

/// Counts what has become of one more chunk.
void heed(RunTally& run, const ChunkResult& result);

/// Whether a whole chunk was refused for its content.
bool is_rejection(OutcomeKind outcome);

}  // namespace sluice
