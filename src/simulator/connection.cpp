// SPDX-License-Identifier: MIT
#include "connection.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>

namespace sluice::simulator {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

using Parser = http::request_parser<http::string_body>;

constexpr std::size_t request_size_max = std::size_t{64} * 1024;
constexpr std::chrono::seconds handshake_deadline{10};
constexpr std::chrono::seconds read_deadline{60};  ///< for a whole request, the idle time before it included
constexpr std::chrono::seconds write_deadline{30};
constexpr std::chrono::seconds leave_deadline{2};  ///< after the last answer

std::string std_string(boost::beast::string_view text) { return {text.data(), text.size()}; }

Request request_of(Parser& parser, long connection) {
  auto message = parser.release();
  return {std_string(message.method_string()),
          std_string(message.target()),
          std_string(message[http::field::host]),
          std_string(message[http::field::content_type]),
          std::move(message.body()),
          connection};
}

/// The front end's page for what is no request at all.
Answer answer_to_error(const boost::system::error_code& error) {
  if (error == http::error::body_limit) return html_answer(413, "Request Entity Too Large");
  if (error == http::error::header_limit) return html_answer(431, "Request Header Fields Too Large");
  return html_answer(400, "Bad Request");
}

std::string head_of(const Answer& answer, bool keep_alive) {
  const boost::beast::string_view reason =
      http::obsolete_reason(static_cast<http::status>(answer.http_status));
  std::string head = fmt::format("HTTP/1.1 {} {}\r\n", answer.http_status, std_string(reason));
  for (const auto& [name, value] : answer.headers) head += fmt::format("{}: {}\r\n", name, value);
  head += fmt::format("Content-Length: {}\r\nConnection: {}\r\n\r\n", answer.body.size(),
                      keep_alive ? "keep-alive" : "close");
  return head;
}

}  // namespace

Connection::Connection(long number, std::unique_ptr<Stream> stream, const asio::any_io_executor& executor,
                       Exchange& exchange)
    : number_{number},
      stream_{std::move(stream)},
      latency_{executor},
      deadline_{executor},
      exchange_{exchange} {}

asio::awaitable<void> Connection::serve() {
  close_in(handshake_deadline);
  bool open = co_await stream_->handshake();
  while (open && !closed_) {
    const auto read = co_await read_request();
    if (!read) break;

    // The latency is the simulated network's: a request arrives exactly so long after it was read, even if
    // this machine is late to notice.
    const auto read_at = exchange_.now();
    const Passage passage = exchange_.receive(read_at);
    const auto arrival = read_at + passage.forward;
    co_await wait_until(arrival);
    if (closed_) break;
    Verdict verdict = exchange_.arrive(read->request, passage, arrival);
    co_await wait_until(arrival + passage.backward);
    if (closed_) break;
    open = co_await deliver(std::move(verdict.answer), read->keep_alive, read->request.method != "HEAD");
  }
  close();
}

void Connection::close() {
  if (closed_) return;
  closed_ = true;
  latency_.cancel();
  deadline_.cancel();
  stream_->close();
}

asio::awaitable<std::optional<Connection::ReadRequest>> Connection::read_request() {
  close_in(read_deadline);
  Parser parser;
  parser.header_limit(request_size_max);
  parser.body_limit(request_size_max);
  parser.eager(true);
  bool asked_to_continue = false;
  while (!parser.is_done()) {
    boost::system::error_code error;
    if (!unread_.empty()) {
      const std::size_t used = parser.put(asio::buffer(unread_), error);
      unread_.erase(0, used);
    }
    if (error && error != http::error::need_more) {
      co_await deliver(answer_to_error(error), false, true);
      co_return std::nullopt;
    }
    if (parser.is_done()) break;
    if (parser.is_header_done() && !asked_to_continue && !parser.get()[http::field::expect].empty()) {
      asked_to_continue = true;
      co_await stream_->write("HTTP/1.1 100 Continue\r\n\r\n");
    }
    std::array<char, 8192> buffer;
    const std::size_t size = co_await stream_->read_some(buffer);
    if (size == 0) co_return std::nullopt;
    unread_.append(buffer.data(), size);
  }
  deadline_.cancel();
  const bool keep_alive = parser.keep_alive();
  co_return ReadRequest{request_of(parser, number_), keep_alive};
}

/// Whether the connection can go on after it.
asio::awaitable<bool> Connection::deliver(Answer answer, bool keep_alive, bool with_body) {
  if (answer.delivery == Delivery::reset) {
    stream_->reset();
    co_return false;
  }
  if (answer.delivery == Delivery::stall) {
    deadline_.cancel();
    co_await discard_until_client_leaves();
    co_return false;
  }
  std::string text = head_of(answer, keep_alive);
  const bool truncated = answer.delivery == Delivery::truncated;
  if (truncated) {
    text.append(answer.body, 0, answer.body.size() / 2);
  } else if (with_body) {
    text += answer.body;
  }
  close_in(write_deadline);
  const bool written = co_await stream_->write(text);
  if (written && keep_alive && !truncated) {
    deadline_.cancel();
    co_return true;
  }
  // Closing at once could reset the connection under a client that is still sending, and the answer with it.
  stream_->end();
  close_in(leave_deadline);
  co_await discard_until_client_leaves();
  co_return false;
}

asio::awaitable<void> Connection::wait_until(std::chrono::nanoseconds since_start) {
  if (closed_ || since_start <= exchange_.now()) co_return;
  latency_.expires_at(exchange_.clock_at(since_start));
  // Cancelled by close(), after which the caller looks at closed_.
  co_await latency_.async_wait(asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<void> Connection::discard_until_client_leaves() {
  std::array<char, 4096> buffer;
  std::size_t size = 1;
  while (size > 0 && !closed_) size = co_await stream_->read_some(buffer);
}

void Connection::close_in(std::chrono::seconds delay) {
  // After close() nothing may be left that the loop would wait for.
  if (closed_) return;
  deadline_.expires_after(delay);
  deadline_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error) self->close();
  });
}

}  // namespace sluice::simulator
