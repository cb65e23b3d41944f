// SPDX-License-Identifier: MIT
// The coroutine that serves one tenant: claims chunks, sends each through the pace gate, settles what came
// back. Takes further runs while it works, and forgets those that are over. Lives on the loop; start with
// run(), and keep it alive until run() has completed.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "sluice/clock/clock.hpp"
#include "sluice/core/job.hpp"
#include "sluice/core/pacer.hpp"
#include "sluice/core/run_tally.hpp"
#include "sluice/core/stage_rules.hpp"
#include "sluice/dialect/credentials.hpp"
#include "sluice/dialect/invoke_things.hpp"
#include "sluice/engine/observer.hpp"
#include "sluice/engine/randomness.hpp"
#include "sluice/store/async_store.hpp"
#include "sluice/transport/transport.hpp"

namespace sluice {

/// What somebody outside is asked about a stage that is over.
struct GateQuestion {
  RunId run;
  std::string job_name;
  std::string stage;
  OutsideCheck check;
  StageTally tally;
};

/// Asks outside; on the loop. Both empty: whoever asks is told "pass" (a rehearsal).
struct OutsideChecks {
  /// Completes within the check's time limit. What cannot be asked is inconclusive.
  std::function<boost::asio::awaitable<GateAnswer>(GateQuestion)> ask;
  /// Makes every question under way complete soon.
  std::function<void()> cancel;
};

/// A run, and what is to be known of it to send it.
struct RunToServe {
  RunId id;
  Job job;
  double rate = 0;  ///< requests per second; as fast as the dispatcher: 0, or anything that is not slower
  /// Its rejected chunks are split without a SplitGuard: something of it was accepted before, or the operator
  /// has said to go on.
  bool is_split_unguarded = false;
};

/// The code, on record, of a chunk that was not sent because a device of it is on its tenant's deny list.
inline constexpr std::string_view denied_code = "sluice.denied";

struct DispatcherConfig {
  std::string tenant;
  std::map<RunId, Job> runs;  ///< the runs to serve from the beginning
  /// Of them, those that are to be slower than requests_per_second.
  std::map<RunId, double> own_rates;
  /// Of them, those whose rejected chunks are split without a SplitGuard: something of them was accepted
  /// before, or the operator has said to go on.
  std::set<RunId> splits_unguarded;
  std::string endpoint;  ///< its canonical form: an identical replay must go where the first copy went
  InvokeThingsDialect dialect;
  Credentials credentials;
  double requests_per_second = default_requests_per_second;
  double account_limit = 0;  ///< of all who use the account; 0: the same
  std::size_t in_flight_max = 32;
  /// Whether the device must not be sent anything, whatever the run says; empty: none of them. Asked before
  /// each send.
  std::function<bool(std::string_view device)> is_denied;
  OutsideChecks checks;
  bool approves_itself = false;  ///< a rehearsal: nobody is there to approve a stage
  /// Nothing is sent before. After a process that may have sent until a moment ago: one window later.
  SteadyTime not_before;
  /// Waits for further runs when nothing is left to do, instead of completing; probes an endpoint that was
  /// never reached without end; and forgets runs of which nothing can be sent.
  bool stays = false;
};

class Dispatcher {
 public:
  /// Everything passed by reference must outlive the dispatcher.
  Dispatcher(boost::asio::any_io_executor loop, AsyncStore& store, Transport& transport, Clock& clock,
             Randomness& randomness, Observer& observer, DispatcherConfig config);
  ~Dispatcher();

  /// Completes when its runs are finished or halted, unless it stays, or after stop() when the last answer is
  /// recorded.
  /// Fails: `unreachable` if the endpoint never answered, `storage` if the record could not be kept.
  boost::asio::awaitable<Result<void>> run();

  /// Nothing of the account may be sent before, by whoever comes next: the pace, or a pause that the server
  /// asked for.
  SteadyTime quiet_until() const;

  /// It is served from now on, like the first ones. One that is served already goes on as it is.
  void serve(RunToServe run);
  /// Whether it is still known here; a dispatcher that stays tells its observer when it no longer is.
  bool serves(RunId run) const;
  /// Credentials, dialect, rate, account limit, requests in flight and denied devices are from now on those
  /// of `config`, whose other members do not matter. What has not gone out yet goes out with the new key;
  /// what is repeated byte for byte is repeated with the key that it was first sent with. A rate that has
  /// grown begins with a second of silence.
  void reconfigure(const DispatcherConfig& config);
  /// The pause of the tenant is over on record.
  void go_on();

  // From now on, not later than the next send. Each may be said again without harm, and comes to nothing for
  // a run that is not served. The record is the caller's.
  /// Nothing of the run is sent.
  void pause(RunId run);
  /// It is served (again).
  void unpause(RunId run);
  /// Something in the store has changed: an approval, or the pace that a person has ordered.
  void look_again();

  /// No further send; what is on its way may finish. What was claimed but not sent goes back unspent.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice
