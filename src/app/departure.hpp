// SPDX-License-Identifier: MIT
// What keeps a daemon that was told to end from never ending: whatever hangs, the process leaves.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <thread>

#include "app/log.hpp"
#include "sluice/clock/clock.hpp"

namespace sluice {

struct DepartureOptions {
  /// By the machine's clock: the loop may be gone by then.
  std::chrono::milliseconds tidying_time = std::chrono::seconds{3};
  /// Gets the exit code, on whatever thread finds that it is time, and is not expected to return.
  std::function<void(int exit_code)> leave = [](int exit_code) { std::_Exit(exit_code); };
};

class Departure {
 public:
  /// Whoever destroys it last of all also has the tidying of his other members watched. The log may begin
  /// after it.
  Departure(Clock& clock, Log& log, DepartureOptions options = {});

  /// Leaves the process as failed unless over() was said in time. What is in flight then is recovered by the
  /// next start, as after a kill.
  boost::asio::awaitable<void> leave_after(std::chrono::nanoseconds patience);

  /// Nothing that counts is left to do. From here on the process leaves if tidying up takes too long.
  void over(int exit_code);
  bool is_over() const { return is_over_; }

 private:
  Clock& clock_;
  Log& log_;
  const DepartureOptions options_;
  std::unique_ptr<Alarm> alarm_;
  bool is_over_ = false;
  std::jthread last_resort_;
};

}  // namespace sluice
