// SPDX-License-Identifier: MIT
// How many requests went out in each second of the last ten minutes. Its memory never grows.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "sluice/core/time.hpp"

namespace sluice {

/// The seconds follow each other, and all of them are over.
struct SendCounts {
  std::int64_t first_second = 0;  ///< since 1970; of the next one to come if there are no counts
  std::vector<std::int64_t> counts;

  bool operator==(const SendCounts&) const = default;
};

class SendHistory {
 public:
  static constexpr std::int64_t seconds_kept = 600;

  /// @param begin of what is known: no second before it is told
  explicit SendHistory(UtcTime begin);

  /// A request went out.
  void note(UtcTime at);

  /// @param since only this second and later ones
  SendCounts counts(UtcTime now, std::optional<std::int64_t> since = std::nullopt) const;

 private:
  struct Slot {
    std::int64_t second = -1;
    std::int64_t sends = 0;
  };

  // One more than is told: the second that is not over yet.
  std::array<Slot, seconds_kept + 1> slots_{};
  std::int64_t begin_;
};

}  // namespace sluice
