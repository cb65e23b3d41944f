// SPDX-License-Identifier: MIT
// The coroutine that serves one tenant: claims chunks, sends each through the pace gate, settles what came
// back. Lives on the loop; start with run(), and keep it alive until run() has completed.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "sluice/core/job.hpp"
#include "sluice/core/pacer.hpp"
#include "sluice/dialect/credentials.hpp"
#include "sluice/dialect/invoke_things.hpp"
#include "sluice/engine/clock.hpp"
#include "sluice/engine/observer.hpp"
#include "sluice/engine/randomness.hpp"
#include "sluice/store/async_store.hpp"
#include "sluice/transport/transport.hpp"

namespace sluice {

struct DispatcherConfig {
  std::string tenant;
  std::map<RunId, Job> runs;  ///< the runs to serve
  /// Of them, those whose rejected chunks are split without a SplitGuard: something of them was accepted
  /// before, or the operator has said to go on.
  std::set<RunId> splits_unguarded;
  std::string endpoint;  ///< its canonical form: an identical replay must go where the first copy went
  InvokeThingsDialect dialect;
  Credentials credentials;
  double requests_per_second = default_requests_per_second;
  double account_limit = 0;  ///< of all who use the account; 0: the same
  std::size_t in_flight_max = 32;
  /// Nothing is sent before. After a process that may have sent until a moment ago: one window later.
  SteadyTime not_before;
};

class Dispatcher {
 public:
  /// Everything passed by reference must outlive the dispatcher.
  Dispatcher(boost::asio::any_io_executor loop, AsyncStore& store, Transport& transport, Clock& clock,
             Randomness& randomness, Observer& observer, DispatcherConfig config);
  ~Dispatcher();

  /// Completes when its runs are finished or halted, or after stop() when the last answer is recorded.
  /// Fails: `unreachable` if the endpoint never answered, `storage` if the record could not be kept.
  boost::asio::awaitable<Result<void>> run();

  /// Nothing of the account may be sent before, by whoever comes next: the pace, or a pause that the server
  /// asked for.
  SteadyTime quiet_until() const;

  /// No further send; what is on its way may finish. What was claimed but not sent goes back unspent.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice
