// SPDX-License-Identifier: MIT
// The simulated cloud without its sockets: what simulator::Server is around simulator::Cloud, on a clock that
// is passed in, so that it can be virtual.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

#include "simulator/cloud.hpp"
#include "simulator/ledger.hpp"
#include "simulator/options.hpp"
#include "simulator/summary.hpp"
#include "sluice/clock/clock.hpp"
#include "sluice/core/result.hpp"

namespace sluice {

class SimulatedCloud {
 public:
  /// The clock outlives it. Fails: `refused` when the ledger's file cannot be written.
  static Result<std::unique_ptr<SimulatedCloud>> open(const simulator::Options& options, const Clock& clock);

  /// Whether the port is closed by an outage now.
  bool refuses_connections();
  /// Numbers count from 1, as in the ledger.
  long accept_connection() { return ++connections_; }

  /// A request has been read, now: decides its latency and its fault.
  simulator::Passage receive();
  /// It arrives, now.
  simulator::Verdict arrive(const simulator::Request& request, const simulator::Passage& passage);
  /// It will arrive, although nobody waits for its answer any more.
  void arrive_unheard(simulator::Request request, const simulator::Passage& passage, SteadyTime at);

  /// Of everything that has arrived by now.
  simulator::Summary summary();

 private:
  struct Unheard {
    simulator::Request request;
    simulator::Passage passage;
    SteadyTime at;
  };

  SimulatedCloud(const simulator::Options& options, const Clock& clock,
                 std::unique_ptr<simulator::Ledger> ledger);

  simulator::Moment moment(SteadyTime at) const;
  simulator::Verdict judge(const simulator::Request& request, const simulator::Passage& passage,
                           SteadyTime at);
  void judge_unheard_until(SteadyTime time);

  const Clock& clock_;
  const SteadyTime start_ = clock_.steady_now();
  simulator::Cloud cloud_;
  std::unique_ptr<simulator::Ledger> ledger_;
  std::vector<Unheard> unheard_;
  long connections_ = 0;
};

}  // namespace sluice
