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
  /// The endpoint was not reached, or met the request with silence.
  void failed(SteadyTime now);
  /// A complete answer came, whatever it said.
  void answered();

  /// A request goes out: while open, it is the probe.
  void sent(SteadyTime now);

  bool is_open() const;
  /// Whether any answer ever came.
  bool has_answered() const { return has_answered_; }

  /// While open: nothing may go out before. Absent: closed.
  std::optional<SteadyTime> next_probe_at() const;

 private:
  int failures_in_a_row_ = 0;
  bool has_answered_ = false;
  SteadyTime next_probe_at_;
};

}  // namespace sluice
