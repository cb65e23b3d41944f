// SPDX-License-Identifier: MIT
// What became of runs that are sent no more: for the log, the metrics, and whoever waits for the end of one.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "app/background.hpp"
#include "app/log.hpp"
#include "app/metrics.hpp"
#include "sluice/core/ids.hpp"
#include "sluice/core/run.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

/// Lives on the loop. Everything that it is given outlives it.
class LeftRuns {
 public:
  struct Ground {
    boost::asio::any_io_executor loop;
    Background& reading;
    StoreReader& reader;  ///< used on the thread of `reading`
    Log& log;
    Metrics& metrics;
    std::function<void()> ended;  ///< called for each run that is over
  };
  explicit LeftRuns(Ground ground) : ground_(std::move(ground)) {}

  /// As the record says it.
  void tell(const std::string& tenant, RunId run);
  /// The record does not say it yet: the order is still to come there.
  void tell_when_recorded(const std::string& tenant, RunId run) { unrecorded_[run] = tenant; }
  /// It is sent again.
  void forget(RunId run) { unrecorded_.erase(run); }
  /// Every order is on record.
  void all_recorded();

 private:
  boost::asio::awaitable<void> tell_as_recorded(std::string tenant, RunId run);
  void tell_pause(const RunRecord& run);

  Ground ground_;
  std::map<RunId, std::string> unrecorded_;  ///< with their tenants
};

}  // namespace sluice
