// SPDX-License-Identifier: MIT
// What a run is drawn from: how each of its chunks stands, and when its requests went and came back. Narrow
// rows, so that a picture of a hundred thousand chunks is read within one call.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sluice/core/chunk.hpp"
#include "sluice/core/ids.hpp"
#include "sluice/core/time.hpp"

namespace sluice {

/// A chunk that stands for its devices: one that was split is none, its parts are.
struct LeafChunk {
  ChunkId id;
  ChunkState state = ChunkState::pending;
  Evidence evidence = Evidence::none;
  int stage = 1;
  int devices = 0;

  bool operator==(const LeafChunk&) const = default;
};

using LeafVisitor = std::function<void(const LeafChunk&)>;

/// A request that went to the wire and has a result.
struct SentRequest {
  UtcTime sent_at;
  std::optional<UtcTime> answered_at;  ///< absent: there was no answer

  bool operator==(const SentRequest&) const = default;
};

using SendVisitor = std::function<void(const SentRequest&)>;

/// What the newest result of a leaf chunk has made of its devices.
struct ChunkOutcome {
  ChunkState state = ChunkState::succeeded;  ///< or failed, or in_doubt
  int devices = 0;
  UtcTime settled_at;

  bool operator==(const ChunkOutcome&) const = default;
};

/// How many devices stand with a code as their newest result, and some of them.
struct CodeDevices {
  std::string code;
  std::int64_t failed = 0;
  std::int64_t in_doubt = 0;
  std::vector<std::string> examples;  ///< the first of the job's list, whatever state they are in

  bool operator==(const CodeDevices&) const = default;
};

/// The newest results of a run.
struct LateResults {
  std::int64_t finished = 0;  ///< chunks that they have brought to their end
  UtcTime first;
  UtcTime last;

  bool operator==(const LateResults&) const = default;
};

using ChunkOutcomeVisitor = std::function<void(const ChunkOutcome&)>;

}  // namespace sluice
