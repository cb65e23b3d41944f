// SPDX-License-Identifier: MIT
// One client of the API: reads request after request and writes what is answered.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "http_api/api_permit.hpp"
#include "http_api/api_server.hpp"
#include "http_api/api_wire.hpp"
#include "http_api/request_head.hpp"

namespace sluice {

/// Who is at the other end of a connection, before he has said anything.
struct ApiPeer {
  std::optional<SocketPeer> process;  ///< of the unix socket
  std::string origin;                 ///< "unix", or the address of a TCP peer
  bool is_tls = false;
  bool is_loopback = false;
  std::shared_ptr<const HostNames> names = {};  ///< that he may ask under; null: over the unix socket
};

class ApiConnection : public std::enable_shared_from_this<ApiConnection> {
 public:
  /// What is passed by reference must outlive it.
  ApiConnection(boost::asio::any_io_executor loop, std::unique_ptr<ApiWire> wire, ApiPeer peer,
                ApiCommon& common);

  /// Until the client leaves, is too slow, or leave() is called.
  boost::asio::awaitable<void> serve();

  /// Waits for the client, not for the API: dropping it loses nothing.
  bool is_reading() const { return is_reading_; }
  /// Between two requests; one that was asked for nothing yet may have its first request under way.
  bool is_kept() const { return is_reading_ && waits_since_ > 0 && unread_.empty() && body_left_ == 0; }
  /// Counts up over all connections: the one with the smallest number has been kept longest.
  std::uint64_t waits_since() const { return waits_since_; }
  /// At once if it waits for the client, else when the answer is given; a stream ends where it is.
  void leave();

 private:
  /// What may be told before a body is read.
  using Head = std::variant<RequestHead, ApiAnswer>;

  boost::asio::awaitable<std::optional<Head>> read_head();
  boost::asio::awaitable<ApiAnswer> answer_to(RequestHead& head);
  std::variant<ApiClient, ApiAnswer> client_of(const RequestHead& head);
  ApiAnswer login_failure(const RequestHead& head);
  std::optional<ApiAnswer> objection_to_body(const Route& route, const RequestHead& head) const;
  boost::asio::awaitable<std::optional<ApiAnswer>> read_body(const Route& route, const RequestHead& head,
                                                             ApiRequest& request);
  boost::asio::awaitable<std::optional<ApiAnswer>> read_upload(const RequestHead& head, ApiRequest& request);
  boost::asio::awaitable<bool> read_more();
  boost::asio::awaitable<ApiAnswer> handled(const Route& route, ApiRequest request);

  boost::asio::awaitable<bool> write(ApiAnswer answer, bool has_body, bool keeps_open);
  boost::asio::awaitable<bool> write_stream(const ApiAnswer& answer);
  boost::asio::awaitable<bool> write_pieces(const ApiAnswer& answer);
  void make_problem(ApiAnswer& answer);
  boost::asio::awaitable<bool> write_within_time(std::string_view text);
  boost::asio::awaitable<void> end();

  void limit_time(std::chrono::milliseconds time);
  std::chrono::milliseconds time_for(std::size_t bytes) const;
  void close();

  std::unique_ptr<ApiWire> wire_;
  boost::asio::steady_timer deadline_;
  ApiPeer peer_;
  ApiCommon& common_;
  std::string unread_;           ///< bytes that came and were not looked at yet
  std::uint64_t body_left_ = 0;  ///< bytes of the body that are still to be taken
  std::shared_ptr<ApiStream> stream_;
  std::optional<ApiPermit> permit_;  ///< of who is being answered; absent: everybody may ask
  std::string target_;               ///< of the request that is being answered
  std::uint64_t waits_since_ = 0;    ///< 0: nothing was answered yet
  bool is_reading_ = true;
  bool is_leaving_ = false;
};

}  // namespace sluice
