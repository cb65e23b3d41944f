// SPDX-License-Identifier: MIT
// Steps on a connection. The deadline is one timer that cancels the socket: a step that finished just before
// is not harmed, and the next one sees that the time is up.
#include "transport/https/wire.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <utility>

namespace sluice {

namespace asio = boost::asio;

namespace {

/// A peer that has vanished without a word is noticed by the system too: while the connection is idle, and
/// when what we sent is not even acknowledged.
void let_the_system_watch(int socket) {
  const auto set = [socket](int level, int option, int value) {
    ::setsockopt(socket, level, option, &value, sizeof value);
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 10);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
  set(IPPROTO_TCP, TCP_KEEPCNT, 2);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, 15'000);
}
constexpr std::size_t inbox_bytes = 16 * 1024;  // as much as one TLS record holds

}  // namespace

Wire::Wire(asio::ip::tcp::socket socket, std::unique_ptr<TlsSession> tls, SteadyTime opened_at)
    : socket_(std::move(socket)),
      tls_(std::move(tls)),
      opened_at_(opened_at),
      deadline_(socket_.get_executor()),
      inbox_(tls_ ? inbox_bytes : 0) {
  boost::system::error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  let_the_system_watch(socket_.native_handle());
}

Wire::~Wire() {
  if (!tls_ || !socket_.is_open()) return;
  // A courtesy, so that the peer can tell our leaving from an attack. Waiting for its good-bye could take
  // for ever, and nothing of ours depends on it.
  tls_->end();
  const std::string farewell = tls_->take_output();
  if (!farewell.empty())
    ::send(socket_.native_handle(), farewell.data(), farewell.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

void Wire::set_deadline(SteadyTime deadline) {
  has_expired_ = false;
  const unsigned mine = ++deadlines_set_;
  deadline_.expires_at(deadline);
  deadline_.async_wait([weak = weak_from_this(), mine](boost::system::error_code cancelled) {
    const auto wire = weak.lock();
    if (cancelled || !wire || wire->deadlines_set_ != mine) return;
    wire->has_expired_ = true;
    boost::system::error_code ignored;
    wire->socket_.cancel(ignored);
  });
}

void Wire::clear_deadline() {
  ++deadlines_set_;
  has_expired_ = false;
  deadline_.cancel();
}

void Wire::stop() {
  is_stopped_ = true;
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

WireStep Wire::failed(const boost::system::error_code& error) const {
  if (is_stopped_) return WireStep{.end = WireEnd::stopped, .bytes = 0, .reason = {}};
  if (has_expired_) return WireStep{.end = WireEnd::timeout, .bytes = 0, .reason = {}};
  if (error == asio::error::eof && !tls_) return WireStep{.end = WireEnd::closed, .bytes = 0, .reason = {}};
  // With TLS the good-bye is a record of its own; the end of the stream alone can be anybody's doing.
  return WireStep{
      .end = WireEnd::cut, .bytes = 0, .reason = error == asio::error::eof ? "" : error.message()};
}

asio::awaitable<WireStep> Wire::send_all(std::string_view bytes) {
  while (!bytes.empty()) {
    if (has_given_up()) co_return failed({});
    const auto [error, taken] =
        co_await socket_.async_write_some(asio::buffer(bytes), asio::as_tuple(asio::use_awaitable));
    bytes_taken_ += taken;
    if (error) co_return failed(error);
    bytes.remove_prefix(taken);
  }
  co_return WireStep{};
}

asio::awaitable<WireStep> Wire::receive(char* into, std::size_t room) {
  if (has_given_up()) co_return failed({});
  const auto [error, length] =
      co_await socket_.async_read_some(asio::buffer(into, room), asio::as_tuple(asio::use_awaitable));
  if (error) co_return failed(error);
  co_return WireStep{.end = WireEnd::none, .bytes = length, .reason = {}};
}

asio::awaitable<WireStep> Wire::handshake() {
  if (!tls_) co_return WireStep{};
  while (true) {
    const TlsSession::Step step = tls_->handshake();
    // Also after a failure: the alert tells the peer's operator what we did not like.
    const std::string output = tls_->take_output();
    const WireStep sent = co_await send_all(output);
    if (step == TlsSession::Step::failed) co_return WireStep{.end = WireEnd::tls, .bytes = 0, .reason = {}};
    if (step == TlsSession::Step::ended) co_return WireStep{.end = WireEnd::closed, .bytes = 0, .reason = {}};
    if (sent.end != WireEnd::none) co_return sent;
    if (step == TlsSession::Step::done) co_return WireStep{};
    const WireStep came = co_await receive(inbox_.data(), inbox_.size());
    if (came.end != WireEnd::none) co_return came;
    tls_->feed(inbox_.data(), came.bytes);
  }
}

asio::awaitable<WireStep> Wire::write(std::string_view text) {
  if (!tls_) co_return co_await send_all(text);
  if (tls_->write(text) != TlsSession::Step::done) {
    co_return WireStep{.end = WireEnd::tls, .bytes = 0, .reason = {}};
  }
  const std::string output = tls_->take_output();
  co_return co_await send_all(output);
}

asio::awaitable<WireStep> Wire::read_some(char* into, std::size_t room) {
  if (!tls_) co_return co_await receive(into, room);
  while (true) {
    if (has_given_up()) co_return failed({});
    std::size_t length = 0;
    const TlsSession::Step step = tls_->read(into, room, length);
    if (step == TlsSession::Step::done)
      co_return WireStep{.end = WireEnd::none, .bytes = length, .reason = {}};
    if (step == TlsSession::Step::ended) co_return WireStep{.end = WireEnd::closed, .bytes = 0, .reason = {}};
    if (step == TlsSession::Step::failed) co_return WireStep{.end = WireEnd::tls, .bytes = 0, .reason = {}};
    // Reading can oblige us to answer, as to a change of keys.
    const std::string output = tls_->take_output();
    const WireStep sent = co_await send_all(output);
    if (sent.end != WireEnd::none) co_return sent;
    const WireStep came = co_await receive(inbox_.data(), inbox_.size());
    if (came.end != WireEnd::none) co_return came;
    tls_->feed(inbox_.data(), came.bytes);
  }
}

bool Wire::is_quiet() {
  if (has_given_up() || !socket_.is_open()) return false;
  const int socket = socket_.native_handle();
  if (!tls_) {
    char first = 0;
    return ::recv(socket, &first, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           (errno == EAGAIN || errno == EWOULDBLOCK);
  }
  // More than a few records in a row are no tickets but a peer that talks without being asked.
  for (int record = 0; record < 8; ++record) {
    char first = 0;
    std::size_t length = 0;
    if (tls_->read(&first, 1, length) != TlsSession::Step::needs_input) return false;
    const auto came = ::recv(socket, inbox_.data(), inbox_.size(), MSG_DONTWAIT);
    if (came < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    if (came == 0) return false;
    tls_->feed(inbox_.data(), static_cast<std::size_t>(came));
  }
  return false;
}

}  // namespace sluice
