// SPDX-License-Identifier: MIT
// HTTP/1.1 over a unix socket, on the caller's loop: reads requests, hands each to the API, writes the
// answer. For one user: whoever is somebody else, and not root, is refused unheard. Bounded in everything,
// and no client can hold up anything but itself: one that is slow or silent is dropped.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <string>

#include "http_api/api_message.hpp"
#include "http_api/control_socket.hpp"
#include "http_api/router.hpp"
#include "sluice/core/result.hpp"

namespace sluice {

class ApiConnection;

struct ApiLimits {
  std::size_t header_bytes_max = std::size_t{8} * 1024;
  std::size_t body_bytes_max = std::size_t{64} * 1024;
  /// For a request to come in whole, the silence before it included, and for its answer to be taken.
  std::chrono::milliseconds client_time = std::chrono::seconds{5};
  /// When one more comes, the one that has been heard of least recently is dropped.
  std::size_t connections_max = 16;
};

class ApiServer {
 public:
  /// Serves from then on. `name_of` says who a user is, for the record. All coroutines it starts have ended
  /// when the loop has nothing left to do.
  ApiServer(boost::asio::any_io_executor loop, ControlSocket socket, Router router,
            std::function<std::string(uid_t)> name_of, ApiLimits limits = {});
  ~ApiServer();

  /// Nobody new is heard; an answer that is being made is still given.
  void close();

 private:
  boost::asio::awaitable<void> accept();
  boost::asio::awaitable<void> serve(std::shared_ptr<ApiConnection> connection);
  bool make_room();
  void spawn(boost::asio::awaitable<void> work);

  boost::asio::any_io_executor loop_;
  ControlSocket socket_;
  Router router_;
  std::function<std::string(uid_t)> name_of_;
  ApiLimits limits_;
  boost::asio::local::stream_protocol::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  std::list<std::shared_ptr<ApiConnection>> connections_;  ///< the one that asked last is the last
  bool is_closed_ = false;
};

}  // namespace sluice
