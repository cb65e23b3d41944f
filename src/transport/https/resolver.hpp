// SPDX-License-Identifier: MIT
// Host name to addresses, without ever blocking the loop. Asio's own resolver has one hidden thread, cannot
// be cancelled and is joined at the end, so a dead name server would hold up the loop's destruction.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/core/time.hpp"

namespace sluice {

struct ResolvedHost {
  std::vector<boost::asio::ip::address> addresses;  ///< in the order to try them
  std::string error;                                ///< why there is none
  bool is_exhausted = false;                        ///< because this machine had no means to ask
};

/// Blocks, and is called on a thread of its own.
using HostLookup = std::function<ResolvedHost(const std::string& host)>;

/// getaddrinfo.
ResolvedHost look_up_host(const std::string& host);

/// Looks one host up. At most one look-up runs at a time; whoever asks meanwhile waits for the same answer.
/// Each waiter leaves at its own deadline and the look-up goes on without it, on a thread that nobody waits
/// for. To be used from the loop's thread only.
class Resolver {
 public:
  Resolver(boost::asio::any_io_executor executor, std::string host, HostLookup lookup,
           std::chrono::steady_clock::duration cached_for = std::chrono::seconds{30});
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// Nothing when the deadline passed or stop() was called. The resolver must outlive the call.
  boost::asio::awaitable<std::optional<ResolvedHost>> resolve(SteadyTime deadline);

  /// The addresses led nowhere: whoever asks next asks the name server anew.
  void forget() { is_stale_ = true; }

  /// Wakes everybody who waits. From here on the executor is not touched any more, whatever the thread does.
  void stop();

 private:
  struct Board;
  void start_lookup();
  void wake_all();

  boost::asio::any_io_executor executor_;
  std::string host_;
  HostLookup lookup_;
  std::chrono::steady_clock::duration cached_for_;
  std::shared_ptr<Board> board_;  ///< where the look-up's thread leaves its answer
  std::vector<boost::asio::steady_timer*> waiting_;
  bool is_looking_ = false;
  bool is_stopped_ = false;
  std::optional<ResolvedHost> answer_;
  SteadyTime answered_at_{};
  bool is_stale_ = false;
};

}  // namespace sluice
