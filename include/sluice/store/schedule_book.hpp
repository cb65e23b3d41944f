// SPDX-License-Identifier: MIT
// Seam: the schedules in the record.
#pragma once

namespace sluice {

/// The schedules and what became of their ticks.
class ScheduleReader {
 public:
  virtual ~ScheduleReader() = default;
};

/// Adds and changes schedules, and decides their ticks.
class ScheduleBook {
 public:
  virtual ~ScheduleBook() = default;
};

}  // namespace sluice
