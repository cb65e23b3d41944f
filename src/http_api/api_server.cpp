// SPDX-License-Identifier: MIT
#include "http_api/api_server.hpp"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>

#include "http_api/api_connection.hpp"
#include "http_api/api_wire.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto awaited = asio::as_tuple(asio::use_awaitable);
// Keeps a lack of descriptors from becoming a busy loop.
constexpr std::chrono::milliseconds pause_after_failure{100};
constexpr std::string_view unix_peer = "unix";

std::string random_word() {
  std::array<unsigned char, 4> random{};
  RAND_bytes(random.data(), static_cast<int>(random.size()));
  return fmt::format("{:02x}{:02x}{:02x}{:02x}", random[0], random[1], random[2], random[3]);
}

/// One text for one peer, however his system spells him.
std::string address_text(asio::ip::address address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  return address.to_string();
}

/// A client that is dropped between two requests opens a new connection and asks there; one that is dropped
/// while its first request is under way takes that for a failure.
bool newer_goes(const ApiConnection& older, const ApiConnection& newer) {
  if (!newer.is_kept()) return false;
  return !older.is_kept() || newer.waits_since() < older.waits_since();
}

Error cannot_listen(const ApiTcpAddress& at, const error_code& problem) {
  return {
      ErrorKind::refused,
      fmt::format("cannot listen at {} port {}: {}", printable(at.address, 64), at.port, problem.message()),
      "Another program may have that port; choose another one in the configuration under api.listen."};
}

}  // namespace

ApiServer::ApiServer(asio::any_io_executor loop, Clock& clock, Router router, ApiSurroundings surroundings,
                     ApiLimits limits)
    : loop_(loop),
      common_{.clock = clock,
              .router = std::move(router),
              .surroundings = std::move(surroundings),
              .limits = limits,
              .boot = random_word()},
      unix_acceptor_(loop),
      unix_pause_(clock.alarm()) {
  if (common_.surroundings.uploads_folder.empty()) return;
  files_ = std::make_unique<asio::thread_pool>(1);
  common_.files = files_->get_executor();
}

ApiServer::~ApiServer() = default;

void ApiServer::listen(ControlSocket socket) {
  socket_.emplace(std::move(socket));
  unix_acceptor_.assign(asio::local::stream_protocol{}, socket_->release_descriptor());
  spawn(accept_unix());
}

Result<std::uint16_t> ApiServer::listen(const ApiTcpAddress& at) {
  error_code problem;
  const asio::ip::address address = asio::ip::make_address(at.address, problem);
  if (problem) {
    return Error{ErrorKind::invalid_input, fmt::format("{} is no IP address", printable(at.address, 64)),
                 "Write 127.0.0.1, ::1 or another address of this machine."};
  }
  if (!address.is_loopback() && !at.is_tls) {
    return Error{ErrorKind::invalid_input,
                 fmt::format("{} can be reached from elsewhere, and is to be served without TLS", at.address),
                 "Configure api.tls, or listen at 127.0.0.1."};
  }
  const tcp::endpoint endpoint{address, at.port};
  tcp::acceptor acceptor{loop_};
  acceptor.open(endpoint.protocol(), problem);
  if (!problem) acceptor.set_option(asio::socket_base::reuse_address{true}, problem);
  if (!problem && address.is_v6()) acceptor.set_option(asio::ip::v6_only{true}, problem);
  if (!problem) acceptor.bind(endpoint, problem);
  if (!problem) acceptor.listen(asio::socket_base::max_listen_connections, problem);
  if (problem) return cannot_listen(at, problem);
  const std::uint16_t port = acceptor.local_endpoint().port();
  auto names = std::make_shared<const HostNames>(at.hosts, port, at.is_tls);
  listeners_.push_back(std::make_shared<Listener>(Listener{
      std::move(acceptor), at.is_tls, address.is_loopback(), std::move(names), common_.clock.alarm()}));
  spawn(accept_tcp(listeners_.back()));
  return port;
}

void ApiServer::close() {
  is_closed_ = true;
  error_code ignored;
  unix_acceptor_.close(ignored);
  unix_pause_->ring();
  for (const auto& listener : listeners_) {
    listener->acceptor.close(ignored);
    listener->pause->ring();
  }
  for (const Guest& guest : guests_) guest.connection->leave();
}

asio::awaitable<void> ApiServer::accept_unix() {
  while (!is_closed_) {
    auto [failed, socket] = co_await unix_acceptor_.async_accept(awaited);
    if (is_closed_) co_return;
    if (failed) {
      co_await wait_after_failure(*unix_pause_);
      continue;
    }
    // Dropped with the socket if there is no room.
    if (!make_room(std::string{unix_peer})) continue;
    ApiPeer peer{.process = peer_of(socket.native_handle()), .origin = std::string{unix_peer}};
    take_in(std::make_shared<ApiConnection>(loop_, plain_wire(std::move(socket)), std::move(peer), common_),
            std::string{unix_peer});
  }
}

asio::awaitable<void> ApiServer::accept_tcp(std::shared_ptr<Listener> listener) {
  while (!is_closed_) {
    auto [failed, socket] = co_await listener->acceptor.async_accept(awaited);
    if (is_closed_) co_return;
    if (failed) {
      co_await wait_after_failure(*listener->pause);
      continue;
    }
    error_code gone;
    const tcp::endpoint remote = socket.remote_endpoint(gone);
    const std::string address = address_text(remote.address());
    if (gone || !make_room(address)) continue;
    if (listener->is_tls && !common_.access.tls) continue;
    ApiPeer peer{.origin = address,
                 .is_tls = listener->is_tls,
                 .is_loopback = listener->is_loopback,
                 .names = listener->names};
    auto wire =
        listener->is_tls ? tls_wire(std::move(socket), common_.access.tls) : plain_wire(std::move(socket));
    take_in(std::make_shared<ApiConnection>(loop_, std::move(wire), std::move(peer), common_), address);
  }
}

asio::awaitable<void> ApiServer::wait_after_failure(Alarm& pause) {
  const SteadyTime until = common_.clock.steady_now() + pause_after_failure;
  co_await pause.sleep_until(until);
}

/// The newest one counts: it may be the operator's, and who says nothing for long is dropped anyway. Only a
/// peer's own connections make room for him, or, where all peers together are too many, those of whoever has
/// the most.
bool ApiServer::make_room(const std::string& peer) {
  const bool is_unix = peer == unix_peer;
  const std::size_t own_max =
      is_unix ? common_.limits.connections_max : common_.limits.connections_per_peer_max;
  if (guests_of(peer) >= own_max) return drop_idle(peer);
  if (is_unix) return true;
  if (guests_.size() - guests_of(std::string{unix_peer}) < common_.limits.connections_max) return true;
  std::string greediest;
  std::size_t most = 0;
  for (const Guest& guest : guests_) {
    const std::size_t count = guest.peer == unix_peer ? 0 : guests_of(guest.peer);
    if (count > most) most = count, greediest = guest.peer;
  }
  return drop_idle(greediest);
}

bool ApiServer::drop_idle(const std::string& peer) {
  std::shared_ptr<ApiConnection> dropped;
  for (const auto& [connection, owner] : guests_) {
    if (owner != peer || !connection->is_reading()) continue;
    if (!dropped || newer_goes(*dropped, *connection)) dropped = connection;
  }
  if (!dropped) return false;
  guests_.remove_if([&](const Guest& guest) { return guest.connection == dropped; });
  dropped->leave();
  return true;
}

std::size_t ApiServer::guests_of(const std::string& peer) const {
  return static_cast<std::size_t>(std::ranges::count(guests_, peer, &Guest::peer));
}

void ApiServer::take_in(std::shared_ptr<ApiConnection> connection, const std::string& peer) {
  guests_.push_back({connection, peer});
  spawn(serve(std::move(connection)));
}

asio::awaitable<void> ApiServer::serve(std::shared_ptr<ApiConnection> connection) {
  try {
    co_await connection->serve();
  } catch (const std::exception&) {
    connection->leave();
  }
  guests_.remove_if([&](const Guest& guest) { return guest.connection == connection; });
}

/// A client's trouble is its own: nothing that it can do ends the sending.
void ApiServer::spawn(asio::awaitable<void> work) {
  asio::co_spawn(loop_, std::move(work), [](std::exception_ptr) {});
}

}  // namespace sluice
