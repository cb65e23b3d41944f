// SPDX-License-Identifier: MIT
// One client of the API: reads request after request and writes what is answered.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "http_api/api_common.hpp"
#include "http_api/api_peer.hpp"
#include "http_api/api_permit.hpp"
#include "http_api/api_wire.hpp"
#include "http_api/body_intake.hpp"
#include "http_api/client_bytes.hpp"
#include "http_api/client_timer.hpp"
#include "http_api/request_head.hpp"

namespace sluice {

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
  bool is_kept() const {
    return is_reading_ && waits_since_ > 0 && bytes_.waiting().empty() && body_.left() == 0;
  }
  /// Counts up over all connections: the one with the smallest number has been kept longest.
  std::uint64_t waits_since() const { return waits_since_; }
  /// At once if it waits for the client, else when the answer is given; a stream ends where it is.
  void leave();

 private:
  /// What may be told before a body is read.
  using Head = std::variant<RequestHead, ApiAnswer>;

  boost::asio::awaitable<void> serve_requests();
  boost::asio::awaitable<std::optional<Head>> read_head();
  boost::asio::awaitable<ApiAnswer> answer_to(RequestHead& head);
  boost::asio::awaitable<std::optional<ApiAnswer>> read_body(const Route& route, const RequestHead& head,
                                                             ApiRequest& request);
  boost::asio::awaitable<ApiAnswer> handled(const Route& route, ApiRequest request);

  boost::asio::awaitable<bool> write(ApiAnswer answer, bool has_body, bool keeps_open);
  boost::asio::awaitable<bool> write_stream(const ApiAnswer& answer);
  boost::asio::awaitable<bool> write_pieces(const ApiAnswer& answer);
  boost::asio::awaitable<bool> write_within_time(std::string_view text);
  void make_problem(ApiAnswer& answer);
  boost::asio::awaitable<void> end();
  void close();

  boost::asio::any_io_executor loop_;
  std::unique_ptr<ApiWire> wire_;
  ApiPeer peer_;
  ApiCommon& common_;
  ClientTimer timer_;
  ClientBytes bytes_;
  BodyIntake body_;
  std::shared_ptr<ApiStream> stream_;
  std::optional<ApiPermit> permit_;  ///< of who is being answered; absent: everybody may ask
  std::string target_;               ///< of the request that is being answered
  std::uint64_t waits_since_ = 0;    ///< 0: nothing was answered yet
  bool is_reading_ = true;
  bool is_leaving_ = false;
};

}  // namespace sluice
