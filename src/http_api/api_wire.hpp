// SPDX-License-Identifier: MIT
// The bytes between a client and the server: a unix socket, TCP, or TLS over TCP.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

namespace sluice {

/// Every wait ends early, with an error, when it is closed.
class ApiWire {
 public:
  virtual ~ApiWire() = default;
  /// @return whether it may be used; at once where nothing has to be agreed upon
  virtual boost::asio::awaitable<bool> greet() = 0;
  /// @return how many bytes came; 0: no more will
  virtual boost::asio::awaitable<std::size_t> read_some(boost::asio::mutable_buffer into) = 0;
  /// @return whether all of it was taken. The text must stay until then.
  virtual boost::asio::awaitable<bool> write(std::string_view text) = 0;
  /// Says that nothing more comes, so that what was written arrives before the end does.
  virtual boost::asio::awaitable<void> finish() = 0;
  virtual void close() = 0;
  /// Calls `gone` if the client ends the connection while nothing is read; until unwatch(). What it holds
  /// stays that long.
  virtual void watch(std::function<void()> gone) = 0;
  /// Not while something is written.
  virtual void unwatch() = 0;
};

std::unique_ptr<ApiWire> plain_wire(boost::asio::local::stream_protocol::socket socket);
std::unique_ptr<ApiWire> plain_wire(boost::asio::ip::tcp::socket socket);
/// The context may be replaced meanwhile: this one stays with the wire.
std::unique_ptr<ApiWire> tls_wire(boost::asio::ip::tcp::socket socket,
                                  std::shared_ptr<boost::asio::ssl::context> context);

}  // namespace sluice
