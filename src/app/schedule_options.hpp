// SPDX-License-Identifier: MIT
// What `sluice schedule` is told, as values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "sluice/core/time.hpp"

namespace sluice {

struct ScheduleOptionsGiven {
  std::string action;
  std::string target;  ///< a job file or a schedule's name; empty: not given
  std::string name;    ///< add; empty: the job's
  std::string cron;    ///< add, next; empty: as the job file says
  std::string zone;    ///< the same
  std::string reason;  ///< pause, resume, remove
  std::optional<std::size_t> count;
  std::optional<UtcTime> from;
  std::optional<UtcTime> to;
  std::optional<std::int64_t> max;
};

}  // namespace sluice
