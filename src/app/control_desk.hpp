// SPDX-License-Identifier: MIT
// Carries out an operator's commands in the process that sends: brakes at once, then records, in the order in
// which the commands came. Lives on the session's loop.
#pragma once

#include <algorithm>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "app/control_answer.hpp"
#include "http_api/api_routes.hpp"
#include "sluice/clock/clock.hpp"
#include "sluice/core/ids.hpp"
#include "sluice/core/result.hpp"
#include "sluice/core/run.hpp"
#include "sluice/engine/run_control.hpp"
#include "sluice/store/async_store.hpp"

namespace sluice {

/// The runs that this process sends, as the desk sees them.
class SteeredRuns {
 public:
  virtual ~SteeredRuns() = default;
  virtual std::vector<RunId> steered_runs() const = 0;
  /// Whether the run is sent here once it is resumed.
  virtual bool takes_up(RunId run) const {
    const std::vector<RunId> steered = steered_runs();
    return std::ranges::find(steered, run) != steered.end();
  }
  /// Nothing new is begun any more.
  virtual bool is_ending() const = 0;
  /// From now on nothing of the run is sent. Idempotent.
  virtual void brake(RunId run) = 0;
  /// It is active on record, and is to be sent.
  virtual void send_again(const ControlDone& resumed) = 0;
  /// Something else about the runs has changed on record: an approval, or the pace that a person has ordered.
  virtual void look_again() = 0;
  /// A cancel has ended it, and it was not being sent here.
  virtual void ended_unsent(const RunRecord&) {}
  /// No command is left to be recorded.
  virtual void all_recorded() = 0;
};

class ControlDesk {
 public:
  /// Everything passed by reference must outlive it, and so must it what it has begun on the loop.
  ControlDesk(boost::asio::any_io_executor loop, AsyncStore& store, Clock& clock, SteeredRuns& runs);
  ~ControlDesk();

  /// Completes when it is recorded, or after ten seconds in which another program held the store: a pause, a
  /// cancel or a stop of what is sent here with is_recorded false, and any other with `storage_busy`; it is
  /// recorded later then.
  /// Fails: as carry_out() does; refused: a resume of a run that another process must send.
  boost::asio::awaitable<Result<ControlAnswer>> take(ApiCommand command, std::string actor,
                                                     std::string origin = "unix");

  bool is_idle() const { return waiting_.empty(); }
  /// From now on, nothing is tried again while another program holds the store.
  void stop_waiting() { is_stopping_ = true; }

 private:
  struct Order {
    ApiCommand command;
    std::string actor;
    std::string origin;
    UtcTime at;
    std::vector<RunId> braked;  ///< by this order
    int times_braked = 0;       ///< a resume: how often its run was, when the order came
    std::unique_ptr<Alarm> answered;
    std::optional<Result<ControlAnswer>> answer = {};
  };

  std::vector<RunId> brake_for(const ApiCommand& command);
  std::optional<Error> objection_to(const ApiCommand& command) const;
  boost::asio::awaitable<void> record_in_turn();
  boost::asio::awaitable<Result<ControlAnswer>> record(const Order& order);
  boost::asio::awaitable<Result<ControlAnswer>> recorded(const Order& order);
  template <class Work>
  boost::asio::awaitable<std::invoke_result_t<Work, Store&>> patiently(Work work);
  boost::asio::awaitable<std::vector<RunRecord>> look_at(const ControlAnswer& answer);
  void follow(const Order& order, const ControlAnswer& answer, const std::vector<RunRecord>& runs);
  Result<ControlAnswer> unrecorded(const Order& order) const;

  boost::asio::any_io_executor loop_;
  AsyncStore& store_;
  Clock& clock_;
  SteeredRuns& runs_;
  std::deque<std::shared_ptr<Order>> waiting_;  ///< the first one is being recorded
  /// How often each run was braked: a resume that was overtaken by a pause must not let it go on.
  std::map<RunId, int> times_braked_;
  bool is_stopping_ = false;
};

}  // namespace sluice
