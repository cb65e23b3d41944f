// SPDX-License-Identifier: MIT
#include "http_api/api_server.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>

#include "http_api/api_connection.hpp"

namespace sluice {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr auto awaited = asio::as_tuple(asio::use_awaitable);
// Keeps a lack of descriptors from becoming a busy loop.
constexpr std::chrono::milliseconds pause_after_failure{100};

}  // namespace

ApiServer::ApiServer(asio::any_io_executor loop, ControlSocket socket, Router router,
                     std::function<std::string(uid_t)> name_of, ApiLimits limits)
    : loop_(loop),
      socket_(std::move(socket)),
      router_(std::move(router)),
      name_of_(std::move(name_of)),
      limits_(limits),
      acceptor_(loop, asio::local::stream_protocol{}, socket_.release_descriptor()),
      pause_(loop) {
  spawn(accept());
}

ApiServer::~ApiServer() = default;

void ApiServer::close() {
  is_closed_ = true;
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
  for (const auto& connection : connections_) connection->leave();
}

asio::awaitable<void> ApiServer::accept() {
  while (!is_closed_) {
    auto [failed, socket] = co_await acceptor_.async_accept(awaited);
    if (is_closed_) co_return;
    if (failed) {
      pause_.expires_after(pause_after_failure);
      co_await pause_.async_wait(awaited);
      continue;
    }
    // Dropped with the socket if there is no room.
    if (!make_room()) continue;
    connections_.push_back(std::make_shared<ApiConnection>(std::move(socket), router_, name_of_, limits_));
    spawn(serve(connections_.back()));
  }
}

/// The newest one counts: it may be the operator's, and who says nothing for long is dropped anyway.
bool ApiServer::make_room() {
  if (connections_.size() < limits_.connections_max) return true;
  const auto oldest = std::ranges::find_if(
      connections_, [](const std::shared_ptr<ApiConnection>& one) { return one->is_reading(); });
  if (oldest == connections_.end()) return false;
  const std::shared_ptr<ApiConnection> dropped = *oldest;
  connections_.erase(oldest);
  dropped->leave();
  return true;
}

asio::awaitable<void> ApiServer::serve(std::shared_ptr<ApiConnection> connection) {
  try {
    co_await connection->serve();
  } catch (const std::exception&) {
    connection->leave();
  }
  connections_.remove(connection);
}

/// A client's trouble is its own: nothing that it can do ends the sending.
void ApiServer::spawn(asio::awaitable<void> work) {
  asio::co_spawn(loop_, std::move(work), [](std::exception_ptr) {});
}

}  // namespace sluice
