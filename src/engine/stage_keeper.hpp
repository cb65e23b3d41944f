// SPDX-License-Identifier: MIT
// Carries out what comes between the stages of a run: notes that one is settled, asks outside, opens the next
// one, or pauses the run. What has to happen is decided by core/stage_rules.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "engine/patient_store.hpp"
#include "engine/served_run.hpp"
#include "sluice/clock/clock.hpp"
#include "sluice/engine/dispatcher.hpp"
#include "sluice/engine/observer.hpp"

namespace sluice {

class StageKeeper {
 public:
  /// @param wake called when something outside has answered
  StageKeeper(boost::asio::any_io_executor loop, PatientStore& store, Clock& clock, Observer& observer,
              OutsideChecks checks, bool approves_itself, std::function<void()> wake);

  /// Reads how the run stands, before its first chunk is claimed and before learn().
  boost::asio::awaitable<Result<void>> begin(ServedRun& run);
  /// Reads anew what a person may have said about its stages.
  boost::asio::awaitable<Result<void>> learn(ServedRun& run);

  struct Advance {
    bool is_waiting = false;         ///< the run goes on later, though nothing of it is to be sent now
    std::optional<UtcTime> look_at;  ///< then, or when something settles or a person speaks
  };
  /// Goes on from stage to stage until the run has to send or to wait.
  boost::asio::awaitable<Result<Advance>> advance(ServedRun& run);

  /// Questions under way; whoever destroys this waits until there are none.
  int questions() const { return questions_; }
  void stop();
  /// The run is not asked about any more.
  void forget(RunId run) { told_.erase(run); }

 private:
  boost::asio::awaitable<Result<void>> open(ServedRun& run);
  boost::asio::awaitable<Result<void>> hold(ServedRun& run, const NextStep& next);
  void ask(ServedRun& run);
  void tell(const ServedRun& run, const NextStep& step);

  boost::asio::any_io_executor loop_;
  PatientStore& store_;
  Clock& clock_;
  Observer& observer_;
  const OutsideChecks checks_;
  const bool approves_itself_;
  std::function<void()> wake_;
  int questions_ = 0;
  std::map<RunId, std::pair<int, std::string>> told_;  ///< open stage and what it waits for, as told last
  bool is_stopping_ = false;
};

}  // namespace sluice
