// SPDX-License-Identifier: MIT
// One client of the control API: reads request after request and writes what is answered.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>

#include "http_api/api_server.hpp"

namespace sluice {

class ApiConnection : public std::enable_shared_from_this<ApiConnection> {
 public:
  /// Everything passed by reference must outlive it.
  ApiConnection(boost::asio::local::stream_protocol::socket socket, const Router& router,
                const std::function<std::string(uid_t)>& name_of, const ApiLimits& limits);

  /// Until the client leaves, is too slow, or leave() is called.
  boost::asio::awaitable<void> serve();

  /// Waits for the client, not for the API: dropping it loses nothing.
  bool is_reading() const { return is_reading_; }
  /// At once if it waits for the client, else when the answer is given.
  void leave();

 private:
  struct Read {
    std::optional<ApiRequest> request;
    std::optional<ApiAnswer> refusal;  ///< neither: the client has left
    bool keeps_open = false;
  };

  boost::asio::awaitable<Read> read();
  boost::asio::awaitable<ApiAnswer> answer_to(ApiRequest request, const SocketPeer& peer) const;
  boost::asio::awaitable<bool> write(ApiAnswer answer, bool keeps_open);
  void limit_time();
  void close();

  boost::asio::local::stream_protocol::socket socket_;
  boost::asio::steady_timer deadline_;
  const Router& router_;
  const std::function<std::string(uid_t)>& name_of_;
  const ApiLimits& limits_;
  std::string unread_;  ///< bytes of the next request that came with this one
  bool is_reading_ = true;
  bool is_leaving_ = false;
};

}  // namespace sluice
