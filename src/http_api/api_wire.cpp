// SPDX-License-Identifier: MIT
#include "http_api/api_wire.hpp"

#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace sluice {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using TlsStream = asio::ssl::stream<asio::ip::tcp::socket>;

constexpr auto awaited = asio::as_tuple(asio::use_awaitable);

/// Looks without taking: what a client sends early is for the next reading.
bool has_ended(int socket) {
  char next = 0;
  return ::recv(socket, &next, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/// What both kinds of stream have in common.
template <class Stream>
class StreamWire : public ApiWire {
 public:
  explicit StreamWire(Stream stream) : stream_(std::move(stream)) {}

  asio::awaitable<std::size_t> read_some(asio::mutable_buffer into) override {
    const auto [failed, count] = co_await stream_.async_read_some(into, awaited);
    co_return failed ? 0 : count;
  }
  asio::awaitable<bool> write(std::string_view text) override {
    const auto [failed, count] = co_await asio::async_write(stream_, asio::buffer(text), awaited);
    co_return !failed && count == text.size();
  }
  void close() override {
    error_code ignored;
    stream_.lowest_layer().close(ignored);
  }
  void watch(std::function<void()> gone) override {
    auto& socket = stream_.lowest_layer();
    socket.async_wait(asio::socket_base::wait_read,
                      [&socket, gone = std::move(gone)](const error_code& canceled) {
                        if (!canceled && has_ended(socket.native_handle())) gone();
                      });
  }
  void unwatch() override {
    error_code ignored;
    stream_.lowest_layer().cancel(ignored);
  }

 protected:
  Stream stream_;
};

template <class Socket>
class PlainWire : public StreamWire<Socket> {
 public:
  using StreamWire<Socket>::StreamWire;

  asio::awaitable<bool> greet() override { co_return true; }
  asio::awaitable<void> finish() override {
    error_code ignored;
    this->stream_.shutdown(asio::socket_base::shutdown_send, ignored);
    co_return;
  }
};

class TlsWire : public StreamWire<TlsStream> {
 public:
  TlsWire(asio::ip::tcp::socket socket, std::shared_ptr<asio::ssl::context> context)
      : StreamWire{TlsStream{std::move(socket), *context}}, context_(std::move(context)) {}

  asio::awaitable<bool> greet() override {
    const auto [failed] = co_await stream_.async_handshake(asio::ssl::stream_base::server, awaited);
    co_return !failed;
  }
  asio::awaitable<void> finish() override { co_await stream_.async_shutdown(awaited); }

 private:
  std::shared_ptr<asio::ssl::context> context_;
};

}  // namespace

std::unique_ptr<ApiWire> plain_wire(asio::local::stream_protocol::socket socket) {
  return std::make_unique<PlainWire<asio::local::stream_protocol::socket>>(std::move(socket));
}

std::unique_ptr<ApiWire> plain_wire(asio::ip::tcp::socket socket) {
  return std::make_unique<PlainWire<asio::ip::tcp::socket>>(std::move(socket));
}

std::unique_ptr<ApiWire> tls_wire(asio::ip::tcp::socket socket, std::shared_ptr<asio::ssl::context> context) {
  return std::make_unique<TlsWire>(std::move(socket), std::move(context));
}

}  // namespace sluice
