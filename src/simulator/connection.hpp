// SPDX-License-Identifier: MIT
// One client's connection: reads request after request, hands each to the cloud at the time of its arrival,
// and does to the client what the verdict says.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "cloud.hpp"
#include "stream.hpp"

namespace sluice::simulator {

/// What a connection needs of the server around it. Times are counted from the server's start.
class Exchange {
 public:
  virtual ~Exchange() = default;
  virtual std::chrono::nanoseconds now() const = 0;
  virtual std::chrono::steady_clock::time_point clock_at(std::chrono::nanoseconds since_start) const = 0;
  virtual Passage receive(std::chrono::nanoseconds read_at) = 0;
  virtual Verdict arrive(const Request& request, const Passage& passage, std::chrono::nanoseconds at) = 0;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(long number, std::unique_ptr<Stream> stream, const boost::asio::any_io_executor& executor,
             Exchange& exchange);

  /// Until the client leaves, a verdict ends the connection, or close() is called.
  boost::asio::awaitable<void> serve();

  void close();

 private:
  struct ReadRequest {
    Request request;
    bool keep_alive = true;
  };

  boost::asio::awaitable<std::optional<ReadRequest>> read_request();
  boost::asio::awaitable<bool> deliver(Answer answer, bool keep_alive, bool with_body);
  boost::asio::awaitable<void> wait_until(std::chrono::nanoseconds since_start);
  boost::asio::awaitable<void> discard_until_client_leaves();
  void close_in(std::chrono::seconds delay);

  long number_;
  std::unique_ptr<Stream> stream_;
  boost::asio::steady_timer latency_;
  boost::asio::steady_timer deadline_;
  Exchange& exchange_;
  std::string unread_;  ///< bytes of the next request that came with this one
  bool closed_ = false;
};

}  // namespace sluice::simulator
