// SPDX-License-Identifier: MIT
// A run as a map: one letter per chunk, in the order of the job's list. What stays the same while a run is
// sent is apart from what changes, and runs of equal values are told as one.
//
//   p pending   i in flight   a accepted   u presumed   f failed   d in doubt   c canceled
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sluice/core/ids.hpp"
#include "sluice/store/run_picture.hpp"

namespace sluice {

/// [value, how many chunks in a row have it].
using RunLengths = std::vector<std::pair<std::int64_t, std::int64_t>>;

class ChunkMap {
 public:
  /// Chunks are added by their place.
  void add(const LeafChunk& chunk);

  std::int64_t chunks() const { return static_cast<std::int64_t>(states_.size()); }
  const std::string& states() const { return states_; }
  /// [first id, how many follow each other].
  const RunLengths& ids() const { return ids_; }
  const RunLengths& stages() const { return stages_; }
  const RunLengths& devices() const { return devices_; }

 private:
  std::string states_;
  RunLengths ids_;
  RunLengths stages_;
  RunLengths devices_;
};

/// {"schema_version","run","chunks","states"} and a line end; with_detail: "ids", "stages" and "devices" too.
std::string chunk_map_json(RunId run, const ChunkMap& map, bool with_detail);

}  // namespace sluice
