// SPDX-License-Identifier: MIT
// Numbers that name rows of the store. Distinct types, so that a chunk's number cannot stand in for a run's.
#pragma once

#include <compare>
#include <cstdint>

namespace sluice {

struct RunId {
  std::int64_t value = 0;
  auto operator<=>(const RunId&) const = default;
};

struct ChunkId {
  std::int64_t value = 0;
  auto operator<=>(const ChunkId&) const = default;
};

struct ScheduleId {
  std::int64_t value = 0;
  auto operator<=>(const ScheduleId&) const = default;
};

/// Of one instant of a schedule.
struct TickId {
  std::int64_t value = 0;
  auto operator<=>(const TickId&) const = default;
};

/// Of rendered arguments.
struct ArgumentsId {
  std::int64_t value = 0;
  auto operator<=>(const ArgumentsId&) const = default;
};

struct AttemptId {
  std::int64_t value = 0;
  auto operator<=>(const AttemptId&) const = default;
};

}  // namespace sluice
