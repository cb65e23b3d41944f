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
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http_api/api_message.hpp"
#include "http_api/api_tokens.hpp"
#include "http_api/control_socket.hpp"
#include "http_api/host_names.hpp"
#include "http_api/login_guard.hpp"
#include "http_api/router.hpp"
#include "sluice/core/result.hpp"
#include "sluice/core/time.hpp"

namespace sluice {

class ApiConnection;

struct ApiLimits {
  std::size_t header_bytes_max = std::size_t{8} * 1024;
  std::chrono::milliseconds header_time = std::chrono::seconds{5};  ///< from its first byte to its last
  std::size_t body_bytes_max = std::size_t{1024} * 1024;
  std::chrono::milliseconds body_time = std::chrono::seconds{10};
  /// Of an upload, and of an answer that is taken: whoever is slower is dropped.
  std::size_t bytes_per_second_min = 1024;
  std::uint64_t upload_bytes_max = std::uint64_t{256} * 1024 * 1024;
  /// From one answer to the next request, or from the start to the first.
  std::chrono::milliseconds idle_time = std::chrono::seconds{60};
  std::chrono::milliseconds write_time = std::chrono::seconds{10};  ///< for a piece of an answer to be taken
  /// When one more comes, one of the same peer that waits for its client is dropped: whichever was kept
  /// longest since its last answer, else the oldest that was asked for nothing yet. If all are being
  /// answered, the new one is.
  std::size_t connections_max = 128;  ///< over TCP; over the unix socket as many again
  /// A browser opens up to twelve: six for a page's files, six for what the page asks for.
  std::size_t connections_per_peer_max = 32;
  std::size_t event_streams_per_client_max = 8;
};

/// Who may come over TCP, and as whom. Can be replaced while the server runs.
struct ApiAccess {
  ApiTokens tokens;
  ApiScope anonymous = ApiScope::none;  ///< of whoever shows no token, if he is on this machine
  std::shared_ptr<boost::asio::ssl::context> tls;
};

/// What the operator of the server should hear of.
struct ApiIncident {
  enum class Kind { login_failed, internal_error };

  Kind kind = Kind::login_failed;
  std::string instance;  ///< what the answer calls itself
  std::string origin;    ///< "unix", or the peer's address
  std::string target;    ///< untrusted text
  Error error;
};

/// What the server needs of its surroundings.
struct ApiSurroundings {
  std::function<std::string(uid_t)> name_of;          ///< a unix user, for the record
  std::function<void(const ApiIncident&)> tell = {};  ///< must return at once
  std::string uploads_folder = {};                    ///< where bodies of uploads go
  std::function<UtcTime()> utc_now = {};              ///< absent: the system's clock
};

/// What all connections share.
struct ApiCommon {
  Router router;
  ApiSurroundings surroundings;
  ApiLimits limits;
  ApiAccess access = {};
  LoginGuard guard = {};
  std::map<std::string, std::size_t> event_streams = {};  ///< by the client's name
  /// Waits for the disk, so that the loop does not; null: there are no uploads.
  std::unique_ptr<boost::asio::thread_pool> files = {};
  std::string boot = {};  ///< random; in the name of every answer
  std::uint64_t answers = 0;
  std::uint64_t waits = 0;  ///< how often a connection began to wait for its next request

  UtcTime utc_now() const;
  std::string next_instance();
};

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
  ApiServer(boost::asio::any_io_executor loop, Router router, ApiSurroundings surroundings,
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
  };
  struct Guest {
    std::shared_ptr<ApiConnection> connection;
    std::string peer;  ///< "unix", or an address
  };

  boost::asio::awaitable<void> accept_unix();
  boost::asio::awaitable<void> accept_tcp(std::shared_ptr<Listener> listener);
  boost::asio::awaitable<void> wait_after_failure();
  bool make_room(const std::string& peer);
  bool drop_idle(const std::string& peer);
  std::size_t guests_of(const std::string& peer) const;
  void take_in(std::shared_ptr<ApiConnection> connection, const std::string& peer);
  boost::asio::awaitable<void> serve(std::shared_ptr<ApiConnection> connection);
  void spawn(boost::asio::awaitable<void> work);

  boost::asio::any_io_executor loop_;
  ApiCommon common_;
  std::optional<ControlSocket> socket_;
  boost::asio::local::stream_protocol::acceptor unix_acceptor_;
  std::vector<std::shared_ptr<Listener>> listeners_;
  boost::asio::steady_timer pause_;
  std::list<Guest> guests_;  ///< the newest is the last
  bool is_closed_ = false;
};

}  // namespace sluice
