// SPDX-License-Identifier: MIT
#include "http_api/api_connection.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

#include "http_api/answer_head.hpp"
#include "http_api/body_rules.hpp"
#include "http_api/client_login.hpp"
#include "http_api/problem.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

namespace asio = boost::asio;

constexpr std::uint64_t swallowed_bytes_max = std::uint64_t{1024} * 1024;

bool is_told_in_general(ErrorKind kind) {
  return kind == ErrorKind::unexpected || kind == ErrorKind::storage || kind == ErrorKind::storage_lost;
}

std::string chunk_of(std::string_view piece) { return fmt::format("{:x}\r\n{}\r\n", piece.size(), piece); }

ApiAnswer header_too_large(std::size_t bytes_max) {
  return refused(431,
                 {ErrorKind::usage, fmt::format("the request's header is larger than {} bytes", bytes_max),
                  "Leave out header fields; few are needed."});
}

}  // namespace

ApiConnection::ApiConnection(asio::any_io_executor loop, std::unique_ptr<ApiWire> wire, ApiPeer peer,
                             ApiCommon& common)
    : loop_(std::move(loop)),
      wire_(std::move(wire)),
      peer_(std::move(peer)),
      common_(common),
      timer_(common.clock, common.limits),
      bytes_(*wire_),
      body_(bytes_, timer_) {}

asio::awaitable<void> ApiConnection::serve() {
  const auto drop_when_due = [self = shared_from_this()]() -> asio::awaitable<void> {
    const bool is_due = co_await self->timer_.until_due();
    if (is_due) self->close();
  };
  // Without its timer a connection could stay for ever.
  asio::co_spawn(loop_, drop_when_due, [self = shared_from_this()](std::exception_ptr failed) {
    if (failed) self->close();
  });
  try {
    co_await serve_requests();
    co_await end();
  } catch (...) {
    close();
    throw;
  }
}

asio::awaitable<void> ApiConnection::serve_requests() {
  bool is_open = co_await wire_->greet();
  if (!is_open) co_return;
  if (std::optional<ApiAnswer> no = objection_to_peer(peer_)) {
    co_await write(*std::move(no), /*has_body=*/true, /*keeps_open=*/false);
    co_return;
  }
  while (is_open && !is_leaving_) {
    std::optional<Head> head = co_await read_head();
    if (!head || is_leaving_) co_return;
    ApiAnswer answer;
    bool has_body = true;
    bool keeps_open = false;
    if (auto* request = std::get_if<RequestHead>(&*head)) {
      has_body = request->method != "HEAD";
      body_.expect(request->body_bytes);
      answer = co_await answer_to(*request);
      keeps_open = request->keeps_open && body_.left() == 0 && !is_leaving_;
    } else {
      answer = std::get<ApiAnswer>(std::move(*head));
    }
    is_open = co_await write(std::move(answer), has_body, keeps_open);
    is_open = is_open && keeps_open;
    waits_since_ = ++common_.waits;
  }
}

void ApiConnection::leave() {
  is_leaving_ = true;
  if (is_reading_) return close();
  if (stream_) stream_->stop();
  // Whoever takes a long answer slowly must not keep the server from ending.
  timer_.note(&ClientDeadline::end_begun, stream_ != nullptr);
}

/// Absent: the client has left.
asio::awaitable<std::optional<ApiConnection::Head>> ApiConnection::read_head() {
  const std::size_t bytes_max = common_.limits.header_bytes_max;
  is_reading_ = true;
  target_.clear();
  timer_.note(bytes_.waiting().empty() ? &ClientDeadline::request_awaited : &ClientDeadline::head_begun);
  while (true) {
    const auto looked = end_of_head(bytes_.waiting().substr(0, bytes_max));
    if (const auto* no = std::get_if<ApiAnswer>(&looked)) co_return Head{*no};
    if (const std::size_t end = std::get<std::size_t>(looked); end > 0) {
      const std::string text = bytes_.take(end);
      Head head = read_request_head(text);
      co_return head;
    }
    if (bytes_.waiting().size() >= bytes_max) co_return Head{header_too_large(bytes_max)};
    const bool is_first = bytes_.waiting().empty();
    const bool has_come = co_await bytes_.more();
    if (!has_come || is_leaving_) co_return std::nullopt;
    if (is_first) timer_.note(&ClientDeadline::head_begun);
  }
}

asio::awaitable<ApiAnswer> ApiConnection::answer_to(RequestHead& head) {
  target_ = head.target;
  if (peer_.names) {
    if (std::optional<ApiAnswer> no = peer_.names->objection_to(head)) co_return *std::move(no);
  }
  std::variant<ApiClient, ApiAnswer> client = client_of(head, peer_, common_);
  if (auto* no = std::get_if<ApiAnswer>(&client)) co_return std::move(*no);
  std::variant<Router::Admitted, ApiAnswer> admitted =
      common_.router.admit({.method = head.method,
                            .target = head.target,
                            .headers = std::move(head.headers),
                            .client = std::get<ApiClient>(std::move(client))});
  if (auto* no = std::get_if<ApiAnswer>(&admitted)) co_return std::move(*no);
  auto& [route, request] = std::get<Router::Admitted>(admitted);
  permit_.emplace(request.client, route->scope, common_.access);
  head.headers = request.headers;
  if (std::optional<ApiAnswer> no = objection_to_body(*route, head, common_.limits)) {
    co_return *std::move(no);
  }
  std::optional<ApiAnswer> no = co_await read_body(*route, head, request);
  if (no) co_return *std::move(no);
  is_reading_ = false;
  timer_.note(&ClientDeadline::answer_awaited);
  ApiAnswer answer = co_await handled(*route, std::move(request));
  co_return answer;
}

/// An answer: the body is refused. If the client has left, the connection is leaving.
asio::awaitable<std::optional<ApiAnswer>> ApiConnection::read_body(const Route& route,
                                                                   const RequestHead& head,
                                                                   ApiRequest& request) {
  timer_.note(&ClientDeadline::body_awaited);
  if (head.expects_continue && head.body_bytes > 0) {
    const bool is_told = co_await wire_->write("HTTP/1.1 100 Continue\r\n\r\n");
    if (!is_told) close();
  }
  std::optional<Error> problem;
  if (route.body != ApiBody::upload) {
    Result<std::string> text = co_await body_.take_text();
    if (text.has_error()) problem = text.error();
    if (text.has_value()) request.body = *std::move(text);
  } else if (!common_.files) {
    problem = Error{ErrorKind::refused, "this process takes no uploads", ""};
  } else {
    auto upload = co_await body_.take_upload(common_.files, common_.surroundings.uploads_folder);
    if (upload.has_error()) problem = upload.error();
    if (upload.has_value()) request.upload = *std::move(upload);
  }
  if (bytes_.has_ended()) close();
  if (!problem) co_return std::nullopt;
  co_return refused(*std::move(problem));
}

/// What a handler throws is a mistake of ours, and no reason to end anything else.
asio::awaitable<ApiAnswer> ApiConnection::handled(const Route& route, ApiRequest request) {
  const std::string client = request.client.name;
  ApiAnswer answer;
  try {
    answer = co_await route.handler(std::move(request));
  } catch (const std::exception& problem) {
    answer = refused({ErrorKind::unexpected, printable(problem.what()), ""});
  }
  co_return common_.followers.admit(client, std::move(answer), common_.limits.event_streams_per_client_max);
}

/// @return whether it was taken
asio::awaitable<bool> ApiConnection::write(ApiAnswer answer, bool has_body, bool keeps_open) {
  is_reading_ = false;
  if (answer.error) make_problem(answer);
  stream_ = answer.stream;
  if (is_leaving_ && stream_) stream_->stop();
  const AnswerFraming framing{.body_bytes = stream_ ? std::nullopt : std::optional{answer.body.size()},
                              .keeps_open = keeps_open,
                              .is_tls = peer_.is_tls,
                              .now = common_.clock.utc_now()};
  std::string text = answer_head(answer, framing);
  if (has_body && !stream_) text += answer.body;
  bool is_taken = co_await write_within_time(text);
  if (is_taken && has_body && stream_) is_taken = co_await write_stream(answer);
  if (stream_) stream_->stop();
  stream_.reset();
  co_return is_taken;
}

asio::awaitable<bool> ApiConnection::write_stream(const ApiAnswer& answer) {
  // A client who has left is told from one who has nothing to say, so that his stream does not count as open.
  wire_->watch([self = shared_from_this()] {
    if (self->stream_) self->stream_->stop();
    self->close();
  });
  const bool is_taken = co_await write_pieces(answer);
  wire_->unwatch();
  co_return is_taken;
}

asio::awaitable<bool> ApiConnection::write_pieces(const ApiAnswer& answer) {
  while (true) {
    timer_.note(&ClientDeadline::answer_awaited);
    const Result<std::optional<std::string>> piece = co_await answer.stream->next();
    if (piece.has_error()) {
      ApiAnswer broken = refused(piece.error());
      make_problem(broken);
      co_return false;
    }
    if (!*piece) break;
    if (is_leaving_) co_return false;
    // Cut off rather than ended: half an export must not look whole.
    if (permit_ && !permit_->holds(common_.access, common_.clock.utc_now())) co_return false;
    if ((*piece)->empty()) continue;  // an empty chunk would be the end
    const std::string chunk = chunk_of(**piece);
    const bool is_taken = co_await write_within_time(chunk);
    if (!is_taken) co_return false;
  }
  const bool is_ended = co_await write_within_time("0\r\n\r\n");
  co_return is_ended;
}

asio::awaitable<bool> ApiConnection::write_within_time(std::string_view text) {
  timer_.note(&ClientDeadline::answer_offered, text.size());
  const bool is_taken = co_await wire_->write(text);
  co_return is_taken;
}

/// A stranger is told no more of our own trouble than what to ask the operator for.
void ApiConnection::make_problem(ApiAnswer& answer) {
  const std::string instance = common_.next_instance();
  Error error = *answer.error;
  if (is_told_in_general(error.kind)) {
    common_.tell({.kind = ApiIncident::Kind::internal_error,
                  .instance = instance,
                  .origin = peer_.origin,
                  .target = target_,
                  .error = error});
    if (peer_.names) {
      error.message = "the server could not do this";
      error.hint = "Its log says why, under the name of this answer.";
    }
  }
  answer.body = problem_json(answer.status, error, instance, answer.devices);
  answer.content_type = problem_content_type;
}

/// A connection that is closed while bytes of the client are under way is reset, and a reset may overtake the
/// answer: so he is heard out for a moment.
asio::awaitable<void> ApiConnection::end() {
  is_reading_ = true;
  if (!is_leaving_) {
    timer_.note(&ClientDeadline::farewell_begun);
    co_await wire_->finish();
    std::uint64_t swallowed = 0;
    bool has_come = true;
    while (has_come && !is_leaving_ && swallowed < swallowed_bytes_max) {
      bytes_.forget();
      has_come = co_await bytes_.more();
      swallowed += bytes_.waiting().size();
    }
  }
  close();
}

void ApiConnection::close() {
  is_leaving_ = true;
  bytes_.end();
  timer_.stop();
}

}  // namespace sluice
