// SPDX-License-Identifier: MIT
// Whether the endpoint is there at all. While it is not, one request at a time, and at most one in five
// seconds, finds out; the rest waits.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "sluice/core/outcome.hpp"
#include "sluice/core/time.hpp"

namespace sluice {

/// What an outcome says of the endpoint.
enum class EndpointSign {
  present,          ///< a complete answer, whatever it says of the request
  away,             ///< not reached, or the front end says that nothing is behind it: certainly not executed
  away_with_doubt,  ///< silence or a failure inside: to find that out may have cost a chunk its certainty
};

EndpointSign sign_of(const Outcome& outcome);

class Breaker {
 public:
  using Probe = std::uint64_t;

  /// A connection is there and a request goes out on it. @return present while open: the request is the
  /// probe, and ended() or heard() must follow
  std::optional<Probe> sent(SteadyTime now);

  /// What came of a request: of the probe, if one is named. One sign of presence closes the breaker, five
  /// failures in a row open it.
  void heard(EndpointSign sign, SteadyTime now, std::optional<Probe> probe);

  /// The probe did not go out after all.
  void ended(Probe probe);

  bool is_open() const;
  /// Whether any request ever went out.
  bool was_ever_reached() const { return was_ever_reached_; }

  /// While open: nothing may go out before; the end of time while a probe is on its way. Absent: closed.
  std::optional<SteadyTime> next_probe_at() const;

 private:
  int failures_in_a_row_ = 0;
  bool was_ever_reached_ = false;
  Probe last_probe_ = 0;
  std::optional<Probe> probe_;  ///< the one on its way
  SteadyTime next_probe_at_;
};

}  // namespace sluice
