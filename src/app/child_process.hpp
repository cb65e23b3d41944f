// SPDX-License-Identifier: MIT
// A program that is run beside the loop: without a shell, without our secrets in its environment, with
// nothing to read, and with its own words going to our stderr.
#pragma once

#include <sys/types.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sluice/core/result.hpp"

namespace sluice {

class ChildProcess {
 public:
  /// @param command program and arguments; never empty. A name without a slash is looked for in PATH
  /// @param variables added to the environment
  /// Fails (not_found) if there is no such program.
  static Result<std::unique_ptr<ChildProcess>> start(
      boost::asio::any_io_executor loop, const std::vector<std::string>& command,
      const std::vector<std::pair<std::string, std::string>>& variables);

  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess();

  /// @return its exit code; absent: it was ended by a signal, or by us when the time was over
  boost::asio::awaitable<std::optional<int>> wait(std::chrono::milliseconds timeout);

  /// It, and what it has started, is ended at once; wait() completes soon.
  void kill();

 private:
  ChildProcess(const boost::asio::any_io_executor& loop, pid_t pid, int descriptor);

  /// Shared with the timer, which may go off after the process object is gone.
  struct Target {
    pid_t pid = 0;
    bool is_reaped = false;

    void kill() const;
  };

  std::shared_ptr<Target> target_;
  boost::asio::posix::stream_descriptor descriptor_;  ///< of the process: readable when it has ended
  boost::asio::steady_timer timer_;
};

}  // namespace sluice
