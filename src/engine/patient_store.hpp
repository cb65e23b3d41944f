// SPDX-License-Identifier: MIT
// The store as a dispatcher at work uses it: waits while another program holds it, and does not drop an
// answer that the disk cannot take just now. Lives on the loop.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "engine/pace_report.hpp"
#include "sluice/clock/clock.hpp"
#include "sluice/store/async_store.hpp"

namespace sluice {

class PatientStore {
 public:
  /// @param disk_is_full called with what the disk said: nothing new must be begun
  PatientStore(AsyncStore& store, Clock& clock, PaceReport& report,
               std::function<void(const Error&)> disk_is_full)
      : store_(store), clock_(clock), report_(report), disk_is_full_(std::move(disk_is_full)) {}

  /// From now on, calls wait for nobody. Answers still do.
  void stop() { is_stopping_ = true; }

  /// As AsyncStore's, but while another program holds the store it is tried again.
  template <class Work>
  boost::asio::awaitable<std::invoke_result_t<Work, Store&>> call(Work work) {
    const std::unique_ptr<Alarm> pause = clock_.alarm();
    while (true) {
      std::invoke_result_t<Work, Store&> result = co_await store_.call(work);
      const bool is_held = result.has_error() && result.error().kind == ErrorKind::storage_busy;
      report_.tell_whether_store_is_held(is_held);
      if (!is_held || is_stopping_) co_return result;
      const SteadyTime next_try_at = clock_.steady_now() + retry_interval;
      co_await pause->sleep_until(next_try_at);
    }
  }

  /// Records what an attempt came to; offered again until it is taken, or until that cannot be hoped for.
  boost::asio::awaitable<Result<void>> settle(Settlement settlement);

 private:
  static constexpr std::chrono::seconds retry_interval{1};

  bool may_pass(const Error& error, SteadyTime give_up_at);

  AsyncStore& store_;
  Clock& clock_;
  PaceReport& report_;
  std::function<void(const Error&)> disk_is_full_;
  bool is_stopping_ = false;
};

}  // namespace sluice
