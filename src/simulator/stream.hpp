// SPDX-License-Identifier: MIT
// A connected socket, plain or TLS, behind one interface: what reads and writes on it is compiled once.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace sluice::simulator {

class Stream {
 public:
  virtual ~Stream() = default;

  /// TLS: the handshake. False if it failed.
  virtual boost::asio::awaitable<bool> handshake() = 0;

  /// Bytes read; 0: the client has left, or the connection is broken or closed.
  virtual boost::asio::awaitable<std::size_t> read_some(std::span<char> buffer) = 0;

  /// False if the connection is broken or closed. The text outlives the operation.
  virtual boost::asio::awaitable<bool> write(std::string_view text) = 0;

  void end();    ///< nothing more will be written; what the client still sends can be read
  void close();  ///< may drop an answer that the client has not taken yet, if it was still sending
  void reset();  ///< the client sees "connection reset by peer"

 protected:
  virtual boost::asio::ip::tcp::socket& socket() = 0;
};

/// @param tls null: plain. Must outlive the stream.
std::unique_ptr<Stream> make_stream(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context* tls);

}  // namespace sluice::simulator
