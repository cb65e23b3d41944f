// SPDX-License-Identifier: MIT
// How the counters of a run change when chunks change their states.
#pragma once

#include <cstdint>

#include "sluice/core/chunk.hpp"
#include "sluice/core/run.hpp"

namespace sluice {

/// What is added to a run's counters in one transaction.
struct CounterChange {
  StateCounts devices;
  StateCounts chunks;
  std::int64_t requests = 0;
  std::int64_t throttled = 0;

  /// One chunk enters the state. A split chunk's devices are counted with its halves.
  void enter(ChunkState state, Evidence evidence, std::int64_t devices_of_chunk) {
    add(state, evidence, devices_of_chunk, 1);
  }
  /// One chunk leaves the state.
  void leave(ChunkState state, Evidence evidence, std::int64_t devices_of_chunk) {
    add(state, evidence, -devices_of_chunk, -1);
  }
  /// Many chunks go from one state to another, neither of them a success.
  void move(ChunkState from, ChunkState to, std::int64_t chunk_count, std::int64_t device_count) {
    add(from, Evidence::none, -device_count, -chunk_count);
    add(to, Evidence::none, device_count, chunk_count);
  }

 private:
  static std::int64_t& count_of(StateCounts& counts, ChunkState state, Evidence evidence) {
    switch (state) {
      case ChunkState::pending:
        return counts.pending;
      case ChunkState::in_flight:
        return counts.in_flight;
      case ChunkState::succeeded:
        return evidence == Evidence::presumed ? counts.presumed : counts.accepted;
      case ChunkState::failed:
        return counts.failed;
      case ChunkState::in_doubt:
        return counts.in_doubt;
      case ChunkState::canceled:
        return counts.canceled;
      case ChunkState::split:
        break;
    }
    return counts.split;
  }

  void add(ChunkState state, Evidence evidence, std::int64_t device_count, std::int64_t chunk_count) {
    if (state != ChunkState::split) count_of(devices, state, evidence) += device_count;
    count_of(chunks, state, evidence) += chunk_count;
  }
};

}  // namespace sluice
