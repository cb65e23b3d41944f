// SPDX-License-Identifier: MIT
// Feels whether the loop and the database thread still answer: for /healthz, for systemd's watchdog, and for
// the metric of how late the loop is.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "sluice/clock/clock.hpp"
#include "sluice/core/time.hpp"
#include "sluice/store/async_store.hpp"

namespace sluice {

/// Lives on the loop. Everything that it is given outlives it.
class Pulse {
 public:
  /// How often both are asked.
  static constexpr std::chrono::seconds interval{2};
  /// With less, the disk counts as full.
  static constexpr std::int64_t free_bytes_min = std::int64_t{1024} * 1024;

  /// @param loop_was_late told each time how late the loop came to its turn
  /// @param free_bytes of the store's disk; asked on the database's thread, which may wait for it. Absent: it
  ///   cannot be told
  Pulse(Clock& clock, AsyncStore& store, std::function<void(std::chrono::nanoseconds)> loop_was_late,
        std::function<std::optional<std::int64_t>()> free_bytes);

  /// Both complete after stop(); each is one coroutine, since a database that hangs must not hide how the
  /// loop does.
  boost::asio::awaitable<void> feel_loop();
  boost::asio::awaitable<void> feel_database();
  void stop();

  /// When each last answered. The database: min() if it never has.
  SteadyTime loop_at() const { return loop_at_; }
  SteadyTime database_at() const { return database_at_; }
  /// Whether the database answered that another program keeps the file from being written.
  bool is_store_held() const { return is_store_held_; }
  /// When the database last had its turn.
  bool is_disk_full() const { return is_disk_full_; }

 private:
  Clock& clock_;
  AsyncStore& store_;
  std::function<void(std::chrono::nanoseconds)> loop_was_late_;
  std::function<std::optional<std::int64_t>()> free_bytes_;
  std::unique_ptr<Alarm> loop_alarm_;
  std::unique_ptr<Alarm> database_alarm_;
  SteadyTime loop_at_;
  SteadyTime database_at_ = SteadyTime::min();
  bool is_store_held_ = false;
  bool is_disk_full_ = false;
  bool is_stopped_ = false;
};

}  // namespace sluice
