// SPDX-License-Identifier: MIT
// HTTP/1.1 over a unix socket and, where it is configured, over TCP, on the caller's loop: reads requests,
// finds out who asks, hands each to its route, writes the answer. On the unix socket it is for one user:
// whoever is somebody else, and not root, is refused unheard. Bounded in everything, and no client can hold
// up anything but itself: one that is slow or silent is dropped.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http_api/api_common.hpp"
#include "http_api/control_socket.hpp"
#include "http_api/host_names.hpp"
#include "http_api/router.hpp"
#include "sluice/clock/clock.hpp"
#include "sluice/core/result.hpp"

namespace sluice {

class ApiConnection;

/// Where to listen over TCP.
struct ApiTcpAddress {
  std::string address;     ///< numeric, without brackets
  std::uint16_t port = 0;  ///< 0: any free one
  bool is_tls = false;
  std::vector<std::string> hosts = {};  ///< further names that it goes by, "name:port" each
};

class ApiServer {
 public:
  /// All coroutines that it starts have ended when the loop has nothing left to do.
  /// The clock must outlive the loop's work.
  ApiServer(boost::asio::any_io_executor loop, Clock& clock, Router router, ApiSurroundings surroundings,
            ApiLimits limits = {});
  ~ApiServer();

  /// Serves there from then on.
  void listen(ControlSocket socket);
  /// @return the port. Fails: refused, if the address is taken or not this machine's; invalid_input, if it is
  /// none, or can be reached from elsewhere and is to be served without TLS.
  Result<std::uint16_t> listen(const ApiTcpAddress& address);
  /// For whoever comes from now on, and for the next request of whoever is there.
  void replace_access(ApiAccess access) { common_.access = std::move(access); }

  const Router& router() const { return common_.router; }

  /// Nobody new is heard, streams end; an answer that is being made is still given.
  void close();

 private:
  struct Listener {
    boost::asio::ip::tcp::acceptor acceptor;
    bool is_tls;
    bool is_loopback;
    std::shared_ptr<const HostNames> names;
    std::unique_ptr<Alarm> pause;
  };
  struct Guest {
    std::shared_ptr<ApiConnection> connection;
    std::string peer;  ///< "unix", or an address
  };

  boost::asio::awaitable<void> accept_unix();
  boost::asio::awaitable<void> accept_tcp(std::shared_ptr<Listener> listener);
  boost::asio::awaitable<void> wait_after_failure(Alarm& pause);
  bool make_room(const std::string& peer);
  bool drop_idle(const std::string& peer);
  std::size_t guests_of(const std::string& peer) const;
  void take_in(std::shared_ptr<ApiConnection> connection, const std::string& peer);
  boost::asio::awaitable<void> serve(std::shared_ptr<ApiConnection> connection);
  void spawn(boost::asio::awaitable<void> work);

  boost::asio::any_io_executor loop_;
  ApiCommon common_;
  std::unique_ptr<boost::asio::thread_pool> files_;  ///< null: there are no uploads
  std::optional<ControlSocket> socket_;
  boost::asio::local::stream_protocol::acceptor unix_acceptor_;
  std::unique_ptr<Alarm> unix_pause_;
  std::vector<std::shared_ptr<Listener>> listeners_;
  std::list<Guest> guests_;  ///< the newest is the last
  bool is_closed_ = false;
};

}  // namespace sluice
