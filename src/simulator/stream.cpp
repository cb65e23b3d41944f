// SPDX-License-Identifier: MIT
#include "stream.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace sluice::simulator {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto awaited = asio::as_tuple(asio::use_awaitable);

class PlainStream final : public Stream {
 public:
  explicit PlainStream(tcp::socket socket) : socket_{std::move(socket)} {}

  asio::awaitable<bool> handshake() override { co_return true; }

  asio::awaitable<std::size_t> read_some(std::span<char> buffer) override {
    const auto [error, size] =
        co_await socket_.async_read_some(asio::buffer(buffer.data(), buffer.size()), awaited);
    co_return error ? 0 : size;
  }

  asio::awaitable<bool> write(std::string_view text) override {
    const auto [error, size] = co_await asio::async_write(socket_, asio::buffer(text), awaited);
    co_return !error && size == text.size();
  }

 private:
  tcp::socket& socket() override { return socket_; }

  tcp::socket socket_;
};

class TlsStream final : public Stream {
 public:
  TlsStream(tcp::socket socket, asio::ssl::context& tls) : stream_{std::move(socket), tls} {}

  asio::awaitable<bool> handshake() override {
    const auto [error] = co_await stream_.async_handshake(asio::ssl::stream_base::server, awaited);
    co_return !error;
  }

  asio::awaitable<std::size_t> read_some(std::span<char> buffer) override {
    const auto [error, size] =
        co_await stream_.async_read_some(asio::buffer(buffer.data(), buffer.size()), awaited);
    co_return error ? 0 : size;
  }

  asio::awaitable<bool> write(std::string_view text) override {
    const auto [error, size] = co_await asio::async_write(stream_, asio::buffer(text), awaited);
    co_return !error && size == text.size();
  }

 private:
  tcp::socket& socket() override { return stream_.next_layer(); }

  asio::ssl::stream<tcp::socket> stream_;
};

}  // namespace

void Stream::end() {
  boost::system::error_code ignored;
  socket().shutdown(tcp::socket::shutdown_send, ignored);
}

void Stream::close() {
  boost::system::error_code ignored;
  socket().shutdown(tcp::socket::shutdown_both, ignored);
  socket().close(ignored);
}

void Stream::reset() {
  // A linger time of 0 makes the close send RST and drop what was not sent.
  boost::system::error_code ignored;
  socket().set_option(asio::socket_base::linger(true, 0), ignored);
  socket().close(ignored);
}

std::unique_ptr<Stream> make_stream(tcp::socket socket, asio::ssl::context* tls) {
  if (tls == nullptr) return std::make_unique<PlainStream>(std::move(socket));
  return std::make_unique<TlsStream>(std::move(socket), *tls);
}

}  // namespace sluice::simulator
