// SPDX-License-Identifier: MIT
// What happens to a chunk after its claim: each one's exchange with the cloud, from the gate to its recorded
// result. Owned by a dispatcher, which claims. Lives on the loop.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "engine/pace_gate.hpp"
#include "engine/pace_report.hpp"
#include "engine/patient_store.hpp"
#include "engine/served_run.hpp"
#include "sluice/engine/dispatcher.hpp"

namespace sluice {

class Exchanges {
 public:
  /// @param wake called when room or work may have appeared, and when all has to end
  Exchanges(boost::asio::any_io_executor loop, AsyncStore& store, Transport& transport, Clock& clock,
            Randomness& randomness, Observer& observer, std::shared_ptr<const DispatcherConfig> config,
            std::function<void()> wake);

  /// Sends the chunk when its turn has come. @param claimed_at when it was claimed, by both clocks
  void start(ClaimedChunk chunk, UtcTime claimed_at, SteadyTime claimed_at_steady);

  /// From now on chunks of the run may be started.
  ServedRun& add(RunToServe run);
  /// Precondition: the run is not needed any more.
  void remove(RunId run) { runs_.erase(run); }
  void reconfigure(std::shared_ptr<const DispatcherConfig> config);

  std::map<RunId, ServedRun>& runs() { return runs_; }
  const std::map<RunId, ServedRun>& runs() const { return runs_; }
  PaceGate& gate() { return gate_; }
  const PaceGate& gate() const { return gate_; }
  PaceReport& report() { return report_; }
  PatientStore& store() { return store_; }
  void tell_pace() { report_.tell(gate_.rate(), gate_.others_use()); }

  /// Claimed, not yet settled.
  std::size_t active() const { return active_; }
  /// Of them, those that are not yet through the gate.
  std::size_t staged() const { return staged_; }
  /// Of them, those that need the retry budget.
  int staged_retries() const { return staged_retries_; }

  /// At once, before it is recorded: what waits at the gate must not follow.
  void halt(RunId run, Halt halt);
  bool is_tenant_halted() const { return is_tenant_halted_; }
  /// The tenant's pause is over on record.
  void lift_tenant_halt();
  /// Everybody who waits asks again whether he may send.
  void ask_all_again();

  /// Nothing more goes out.
  void stop();
  bool is_stopping() const { return is_stopping_; }
  void fail(const Error& error);
  /// Why everything had to end; absent: it need not have.
  std::optional<Error> failure() const { return failure_ ? failure_ : store_trouble_; }

 private:
  /// A claimed chunk on its way.
  struct Flight {
    ClaimedChunk chunk;
    SteadyTime stale_from;
    int times_lost = 0;                  ///< how often the endpoint had been lost when it was claimed
    int times_signed_anew = 0;           ///< how often the key had changed then
    bool is_staged = true;               ///< has not passed the gate
    std::optional<PaceGate::Pass> pass;  ///< the gate's; absent: it may not go out, or not yet
    std::optional<UtcTime> sent_at;      ///< absent: not one byte went out
    bool is_announced = false;           ///< the observer knows of it
    bool is_on_the_wire = false;         ///< its run counts it there
  };
  using Rtt = std::optional<std::chrono::nanoseconds>;

  /// What was in use before, for requests that must be repeated byte for byte.
  struct Former {
    std::shared_ptr<const DispatcherConfig> config;
    SteadyTime replaced_at;
  };

  boost::asio::awaitable<void> exchange(ClaimedChunk chunk, SteadyTime stale_from);
  std::optional<HttpRequest> request_on_record(const ClaimedChunk& chunk) const;
  bool has_denied_device(const ClaimedChunk& chunk) const;
  boost::asio::awaitable<void> wait_for_own_pace(const Flight& flight);
  boost::asio::awaitable<Reply> send(Flight& flight, const HttpRequest& request);
  boost::asio::awaitable<bool> pass_gate(Flight& flight, const std::function<bool()>& is_wanted);
  void land(Flight& flight);
  void leave_stage(Flight& flight);
  bool may_send(const ServedRun& run) const;
  bool may_send(const Flight& flight) const;
  boost::asio::awaitable<void> settle_reply(Flight& flight, const Reply& reply);
  boost::asio::awaitable<void> settle_failure(Flight& flight, const TransportFailure& failure);
  boost::asio::awaitable<void> settle_by_rule(const Flight& flight, const Outcome& outcome, Rtt rtt = {});
  boost::asio::awaitable<void> pause_for_clock(std::string reason);
  boost::asio::awaitable<bool> record(const Flight& flight, const Outcome& outcome, const Transition& next);
  void tell_settled(const Flight& flight, const Outcome& outcome, const Transition& next, Rtt rtt);
  void heed(Flight& flight, const Outcome& outcome);
  void give_up(const Outcome& outcome);
  void begin_nothing_new(const Error& disk_is_full);

  boost::asio::any_io_executor loop_;
  Transport& transport_;
  Clock& clock_;
  Randomness& randomness_;
  Observer& observer_;
  std::shared_ptr<const DispatcherConfig> config_;
  std::deque<Former> former_;  ///< newest first
  PaceGate gate_;
  PaceReport report_;
  PatientStore store_;
  std::function<void()> wake_;
  std::map<RunId, ServedRun> runs_;

  std::size_t staged_ = 0;
  int staged_retries_ = 0;
  std::size_t active_ = 0;
  int times_lost_ = 0;         ///< how often the endpoint was lost
  int times_signed_anew_ = 0;  ///< how often the key or the dialect has changed
  bool is_stopping_ = false;
  bool is_tenant_halted_ = false;
  bool is_clock_reported_ = false;
  std::set<Alarm*> pacing_;  ///< of chunks that wait for their run's own pace
  std::optional<Error> failure_;
  std::optional<Error> store_trouble_;  ///< it has passed, but it has stopped us
};

}  // namespace sluice
