// SPDX-License-Identifier: MIT
#include "http_api/api_connection.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>
#include <string_view>
#include <utility>
#include <variant>

#include "http_api/problem.hpp"

namespace sluice {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

using Parser = http::request_parser<http::string_body>;

constexpr auto awaited = asio::as_tuple(asio::use_awaitable);

ApiAnswer refusal_of(const error_code& problem, const ApiLimits& limits) {
  if (problem == http::error::body_limit) {
    return refused(413, {ErrorKind::usage,
                         fmt::format("the request's body is larger than {} bytes", limits.body_bytes_max),
                         "No command needs that much."});
  }
  if (problem == http::error::header_limit) {
    return refused(431, {ErrorKind::usage,
                         fmt::format("the request's header is larger than {} bytes", limits.header_bytes_max),
                         "Leave out the header fields; none is needed."});
  }
  return refused(400, {ErrorKind::usage, "this is no HTTP request: " + problem.message(),
                       "POST /api/v1/runs/ID:pause HTTP/1.1 is one."});
}

bool is_allowed(const SocketPeer& peer) { return peer.user == ::geteuid() || peer.user == 0; }

std::string head_of(const ApiAnswer& answer, bool keeps_open) {
  const boost::beast::string_view reason = http::obsolete_reason(static_cast<http::status>(answer.status));
  std::string head = fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n"
      "Connection: {}\r\n",
      answer.status, std::string_view{reason.data(), reason.size()}, answer.content_type, answer.body.size(),
      keeps_open ? "keep-alive" : "close");
  for (const auto& [name, value] : answer.headers) head += fmt::format("{}: {}\r\n", name, value);
  return head + "\r\n";
}

}  // namespace

ApiConnection::ApiConnection(asio::local::stream_protocol::socket socket, const Router& router,
                             const std::function<std::string(uid_t)>& name_of, const ApiLimits& limits)
    : socket_(std::move(socket)),
      deadline_(socket_.get_executor()),
      router_(router),
      name_of_(name_of),
      limits_(limits) {}

asio::awaitable<void> ApiConnection::serve() {
  const std::optional<SocketPeer> peer = peer_of(socket_.native_handle());
  if (!peer || !is_allowed(*peer)) {
    co_await write(refused({ErrorKind::unauthorized,
                            "this process takes commands from its own user and root alone", ""}),
                   false);
    is_leaving_ = true;
  }
  while (!is_leaving_) {
    Read read_now = co_await read();
    if (is_leaving_ || (!read_now.request && !read_now.refusal)) break;
    ApiAnswer answer;
    if (read_now.refusal) {
      answer = *std::move(read_now.refusal);
    } else {
      answer = co_await answer_to(*std::move(read_now.request), *peer);
    }
    const bool keeps_open = read_now.keeps_open && !is_leaving_;
    const bool is_written = co_await write(std::move(answer), keeps_open);
    if (!is_written || !keeps_open) break;
  }
  close();
}

asio::awaitable<ApiAnswer> ApiConnection::answer_to(ApiRequest request, const SocketPeer& peer) const {
  request.client = {.kind = ApiClient::Kind::unix_user,
                    .name = name_of_(peer.user),
                    .scope = ApiScope::admin,
                    .origin = "unix",
                    .user = peer.user,
                    .process = peer.process};
  std::variant<Router::Admitted, ApiAnswer> admitted = router_.admit(std::move(request));
  if (auto* no = std::get_if<ApiAnswer>(&admitted)) co_return std::move(*no);
  auto& [route, asked] = std::get<Router::Admitted>(admitted);
  ApiAnswer answer = co_await route->handler(std::move(asked));
  co_return answer;
}

void ApiConnection::leave() {
  is_leaving_ = true;
  if (is_reading_) close();
}

asio::awaitable<ApiConnection::Read> ApiConnection::read() {
  is_reading_ = true;
  limit_time();
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(limits_.header_bytes_max));
  parser.body_limit(limits_.body_bytes_max);
  parser.eager(true);
  while (true) {
    error_code problem;
    if (!unread_.empty()) unread_.erase(0, parser.put(asio::buffer(unread_), problem));
    if (parser.is_done()) break;
    if (problem && problem != http::error::need_more) {
      is_reading_ = false;
      co_return Read{.request = {}, .refusal = refusal_of(problem, limits_)};
    }
    std::array<char, 8192> bytes;
    const auto [failed, count] = co_await socket_.async_read_some(asio::buffer(bytes), awaited);
    if (failed || is_leaving_) co_return Read{};
    unread_.append(bytes.data(), count);
  }
  is_reading_ = false;
  deadline_.cancel();
  const bool keeps_open = parser.keep_alive();
  auto message = parser.release();
  co_return Read{.request = ApiRequest{.method = std::string{message.method_string()},
                                       .target = std::string{message.target()},
                                       .body = std::move(message.body())},
                 .refusal = {},
                 .keeps_open = keeps_open};
}

/// @return whether it was taken
asio::awaitable<bool> ApiConnection::write(ApiAnswer answer, bool keeps_open) {
  is_reading_ = false;
  if (answer.error) {
    answer.body = problem_json(answer.status, *answer.error, "");
    answer.content_type = problem_content_type;
  }
  const std::string text = head_of(answer, keeps_open) + answer.body;
  limit_time();
  const auto [failed, count] = co_await asio::async_write(socket_, asio::buffer(text), awaited);
  co_return !failed && count == text.size();
}

void ApiConnection::limit_time() {
  deadline_.expires_after(limits_.client_time);
  deadline_.async_wait([self = shared_from_this()](const error_code& canceled) {
    if (!canceled) self->close();
  });
}

void ApiConnection::close() {
  is_leaving_ = true;
  deadline_.cancel();
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace sluice
