// SPDX-License-Identifier: MIT
// A schedule: when a job runs by the clock, as the operator wrote it. Which of its ticks come to a run is
// decided by tick_rules.hpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "sluice/core/ids.hpp"
#include "sluice/core/time.hpp"

namespace sluice {

/// What becomes of ticks that came while nobody was there to fire them.
struct MissedTicks {
  enum class Policy {
    skip,      ///< none of them runs
    run_once,  ///< the newest of them runs, for all
    run_all,   ///< each of them runs, `max` at most
  };
  Policy policy = Policy::run_once;
  int max = 1;

  bool operator==(const MissedTicks&) const = default;
};

/// What becomes of a tick that comes while a run of the schedule is unfinished.
enum class Overlap {
  skip,
  queue_one,       ///< it runs afterwards; one waits at most
  cancel_running,  ///< the unfinished run is canceled first
  allow,           ///< both run
};

struct Schedule {
  std::string cron;          ///< five fields, a word such as "@daily", or "every 6h"
  std::string zone = "UTC";  ///< an IANA name
  MissedTicks missed;
  std::chrono::milliseconds start_deadline{3'600'000};  ///< a tick that is older is missed for good
  Overlap overlap = Overlap::skip;
  std::chrono::milliseconds spread{0};  ///< ticks are late by a part of this that depends on the name alone
  std::optional<UtcTime> until;         ///< no tick from then on
  bool is_paused = false;               ///< when it is installed

  bool operator==(const Schedule&) const = default;
};

}  // namespace sluice
