// SPDX-License-Identifier: MIT
// How many of a tenant's requests may be retries: of the sends of the last two minutes at most a tenth, but
// never fewer than three. A service in trouble is not helped by being asked everything twice. Nothing fails
// when the budget is used up: retries wait, and first sends go on.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "sluice/core/time.hpp"

namespace sluice {

class RetryBudget {
 public:
  static constexpr std::chrono::seconds window{120};
  static constexpr int sends_per_retry = 10;
  static constexpr int retries_always = 3;

  /// A request's first byte goes out now; times must not go back. A retry is a fresh attempt at a chunk that
  /// has spent one before. No retries are: an identical replay and the probe of a lost endpoint, which have
  /// bounds of their own; a first send after an attempt that was given back; and the halves of a split chunk.
  void sent(SteadyTime now, bool is_retry);

  /// How many retries may go out now.
  int room(SteadyTime now) const;

  /// The earliest time, now or later, at which there is room even if nothing is sent until then.
  SteadyTime room_from(SteadyTime now) const;

 private:
  /// What was sent in one second. A list of the sends would grow with the rate.
  struct Second {
    std::int64_t number = -1;  ///< counted from the clock's own beginning
    int sends = 0;
    int retries = 0;
  };

  std::array<Second, static_cast<std::size_t>(window.count()) + 1> seconds_{};  ///< a ring
};

}  // namespace sluice
