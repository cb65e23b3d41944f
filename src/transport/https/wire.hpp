// SPDX-License-Identifier: MIT
// One connection, with TLS or without: the rest of the transport does not see the difference. Every wait ends
// at the deadline that was set last, or when the wire is stopped.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/core/time.hpp"
#include "transport/https/stoppable.hpp"
#include "transport/https/tls_session.hpp"

namespace sluice {

/// How a step on the wire ended.
enum class WireEnd {
  none,     ///< the step is done
  closed,   ///< the peer closed in an orderly way
  cut,      ///< reset, or closed without TLS's good-bye
  tls,      ///< TLS failed; the wire's tls_failure() says why
  timeout,  ///< the deadline passed
  stopped,  ///< stop() was called
};

struct WireStep {
  WireEnd end = WireEnd::none;
  std::size_t bytes = 0;
  std::string reason;  ///< what the system said; may be empty
};

class Wire : public Stoppable, public std::enable_shared_from_this<Wire> {
 public:
  /// `tls` is empty for a plain connection. `opened_at` is when the connection was made.
  Wire(boost::asio::ip::tcp::socket socket, std::unique_ptr<TlsSession> tls, SteadyTime opened_at);
  ~Wire() override;

  void set_deadline(SteadyTime deadline);
  void clear_deadline();

  boost::asio::awaitable<WireStep> handshake();
  boost::asio::awaitable<WireStep> write(std::string_view text);
  boost::asio::awaitable<WireStep> read_some(char* into, std::size_t room);

  /// Whether the connection is as an idle one should be: open, and nothing came that nobody asked for. Never
  /// waits. TLS 1.3 session tickets that arrived meanwhile are taken in and do not count.
  bool is_quiet();

  /// How many bytes the operating system has taken from us so far.
  std::size_t bytes_taken() const { return bytes_taken_; }
  const TlsSession::Failure& tls_failure() const { return tls_->failure(); }
  SteadyTime opened_at() const { return opened_at_; }

  void stop() override;

 private:
  boost::asio::awaitable<WireStep> send_all(std::string_view bytes);
  boost::asio::awaitable<WireStep> receive(char* into, std::size_t room);
  WireStep failed(const boost::system::error_code& error) const;
  bool has_given_up() const { return has_expired_ || is_stopped_; }

  boost::asio::ip::tcp::socket socket_;
  std::unique_ptr<TlsSession> tls_;
  SteadyTime opened_at_;
  boost::asio::steady_timer deadline_;
  unsigned deadlines_set_ = 0;  ///< tells a deadline's handler that it is not the current one's
  bool has_expired_ = false;
  bool is_stopped_ = false;
  std::size_t bytes_taken_ = 0;
  std::vector<char> inbox_;  ///< TLS records on their way into the session; empty without TLS
};

}  // namespace sluice
