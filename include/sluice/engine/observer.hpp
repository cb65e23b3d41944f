// SPDX-License-Identifier: MIT
// Seam: who watches. Called on the loop, after the fact; must not block and must not throw.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "sluice/core/chunk_rules.hpp"
#include "sluice/core/ids.hpp"
#include "sluice/core/outcome.hpp"
#include "sluice/core/time.hpp"

namespace sluice {

struct AttemptSent {
  RunId run;
  ChunkId chunk;
  AttemptId attempt;
  int devices = 0;
  bool is_replay = false;
  bool is_retry = false;  ///< a fresh attempt at a chunk that has spent one before
};

struct AttemptSettled {
  RunId run;
  ChunkId chunk;
  AttemptId attempt;
  AttemptFacts facts;
  Outcome outcome;
  Transition transition;
  std::optional<std::chrono::nanoseconds> rtt;  ///< from first byte to complete answer
};

/// Where a run in stages has come to.
struct StageNews {
  RunId run;
  int stage = 0;  ///< the newest that may be sent; 0: none yet
  int stages = 0;
  std::string_view name;         ///< of that stage; empty: none yet
  std::string_view waits_for;    ///< "stage canary soaks"; empty: it is being sent
  std::optional<UtcTime> until;  ///< when that is over by itself
};

/// The hours of a run have come, or are over.
struct WindowNews {
  RunId run;
  bool is_open = true;
  UtcTime until;  ///< max(): it stays like this
};

class Observer {
 public:
  virtual ~Observer() = default;

  virtual void attempt_sent(const AttemptSent& event, SteadyTime at) = 0;
  /// Not called for a chunk that was claimed, not sent, and put back.
  virtual void attempt_settled(const AttemptSettled& event, SteadyTime at) = 0;
  /// The rate in force changed: a throttle, or the way back.
  virtual void rate_changed(double requests_per_second) = 0;
  /// The endpoint cannot be reached; it is probed from now on.
  virtual void endpoint_lost(std::string_view reason) = 0;
  virtual void endpoint_back() = 0;
  /// Requests per second that others seem to make under the same account; 0: none.
  virtual void others_use(double /*requests_per_second*/) {}
  /// Whether retries that are due wait for the retry budget, and nothing else is there to send.
  virtual void retries_held(bool /*are_held*/) {}
  virtual void window_changed(const WindowNews& /*news*/) {}
  virtual void stage_changed(const StageNews& /*news*/) {}
  /// Nothing of the run is sent any more, and it is forgotten: it is finished, or halted. Of a dispatcher
  /// that stays.
  virtual void run_left(RunId /*run*/) {}
  /// Whether another program holds the store, so that nothing can be claimed or recorded.
  virtual void store_held(bool /*is_held*/) {}
};

}  // namespace sluice
