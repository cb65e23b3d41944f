// SPDX-License-Identifier: MIT
// Connects to whichever of several addresses answers first.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "sluice/core/time.hpp"
#include "transport/https/stoppable.hpp"

namespace sluice {

/// The addresses in an order where the two families take turns, so that a dead IPv6 route costs one step.
std::vector<boost::asio::ip::address> take_turns(const std::vector<boost::asio::ip::address>& addresses);

/// Tries the addresses in order, each next one as soon as the one before failed, or after 250 ms (or its
/// share of the time, if that is less) while the earlier ones go on; the first connection wins (RFC 8305 in
/// short).
class ConnectRace : public Stoppable, public std::enable_shared_from_this<ConnectRace> {
 public:
  struct Result {
    std::optional<boost::asio::ip::tcp::socket> socket;
    boost::system::error_code
        error;                  ///< the first address's; timed_out at the deadline, aborted when stopped
    bool is_exhausted = false;  ///< this machine has no descriptor or port left; `error` says which
  };

  explicit ConnectRace(boost::asio::any_io_executor executor);

  /// To be called once.
  boost::asio::awaitable<Result> run(std::vector<boost::asio::ip::tcp::endpoint> endpoints,
                                     SteadyTime deadline);
  void stop() override;

 private:
  void start(const boost::asio::ip::tcp::endpoint& endpoint);
  void note(std::size_t attempt, bool is_v4, boost::system::error_code error);

  boost::asio::any_io_executor executor_;
  boost::asio::steady_timer signal_;  ///< cancelled when there is something to look at
  std::vector<std::unique_ptr<boost::asio::ip::tcp::socket>> attempts_;
  std::size_t failed_ = 0;
  std::optional<std::size_t> winner_;
  boost::system::error_code first_error_;
  bool is_exhausted_ = false;
  bool is_stopped_ = false;
};

}  // namespace sluice
