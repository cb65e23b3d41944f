// SPDX-License-Identifier: MIT
// What a run is drawn from: how each of its chunks stands, and when its requests went and came back. Narrow
// rows, so that a picture of a hundred thousand chunks is read within one call.
#pragma once

#include <functional>
#include <optional>

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

}  // namespace sluice
