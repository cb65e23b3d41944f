// SPDX-License-Identifier: MIT
// The times of day at which a run may send, in a time zone of the operator's.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace sluice {

/// From one local time of day to another; to ≤ from: over midnight, to the next day's.
struct DailySpan {
  std::chrono::minutes from{0};  ///< since midnight
  std::chrono::minutes to{0};

  bool operator==(const DailySpan&) const = default;
};

struct SendWindow {
  std::string zone = "UTC";      ///< an IANA name
  std::vector<DailySpan> allow;  ///< never empty

  bool operator==(const SendWindow&) const = default;
};

}  // namespace sluice
