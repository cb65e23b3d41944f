// SPDX-License-Identifier: MIT
// Whether the endpoint is there at all. While it is not, one request in five seconds finds out; the rest
// waits.
#pragma once

#include <chrono>
#include <optional>

#include "sluice/core/time.hpp"

namespace sluice {

class Breaker {
 public:
  /// No connection was to be had, or the request was met with silence.
  void failed(SteadyTime now);
  /// A complete answer came, whatever it said.
  void answered();

  /// A connection is there and a request goes out on it: while open, it is the probe.
  void sent(SteadyTime now);

  bool is_open() const;
  /// Whether any request ever went out.
  bool was_ever_reached() const { return was_ever_reached_; }

  /// While open: nothing may go out before. Absent: closed.
  std::optional<SteadyTime> next_probe_at() const;

 private:
  int failures_in_a_row_ = 0;
  bool was_ever_reached_ = false;
  SteadyTime next_probe_at_;
};

}  // namespace sluice
