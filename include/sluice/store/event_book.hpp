// SPDX-License-Identifier: MIT
// Seam: what happens to the process that owns the store, among the events of its runs. What happens to runs,
// tenants, schedules and job files is noted by the verbs that do it.
#pragma once

#include <string>

#include "sluice/core/result.hpp"
#include "sluice/core/time.hpp"

namespace sluice {

struct ProcessEvent {
  UtcTime at;
  std::string what;         ///< "daemon_started"; never empty
  std::string reason = {};  ///< untrusted text
};

class EventBook {
 public:
  virtual ~EventBook() = default;

  virtual Result<void> note_event(const ProcessEvent& event) = 0;
};

}  // namespace sluice
