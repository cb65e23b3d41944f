// SPDX-License-Identifier: MIT
#include "http_api/api_connection.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <string_view>
#include <utility>

#include "http_api/answer_head.hpp"
#include "http_api/problem.hpp"
#include "http_api/upload.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::string_view bearer = "bearer ";
constexpr std::size_t token_bytes_max = 512;
constexpr std::string_view event_stream_type = "text/event-stream";
constexpr std::array<std::string_view, 5> upload_types{"text/csv", "text/plain", "application/x-ndjson",
                                                       "application/json", "application/octet-stream"};
// What a client that is refused may still be sending, so that it gets to read why.
constexpr std::uint64_t swallowed_bytes_max = std::uint64_t{1024} * 1024;
constexpr std::chrono::seconds farewell_time{2};

bool is_allowed(const SocketPeer& peer) { return peer.user == ::geteuid() || peer.user == 0; }

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

/// "text/csv; charset=utf-8" is text/csv.
std::string_view media_type(const RequestHead& head) {
  const auto found = head.headers.find("content-type");
  if (found == head.headers.end()) return {};
  std::string_view type = found->second;
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return type;
}

/// The token that is presented; absent: something else is.
std::optional<std::string_view> token_in(std::string_view authorization) {
  if (authorization.size() <= bearer.size() || authorization.size() > bearer.size() + token_bytes_max) {
    return std::nullopt;
  }
  if (!equals_ignoring_case(authorization.substr(0, bearer.size()), bearer)) return std::nullopt;
  return authorization.substr(bearer.size());
}

bool is_told_in_general(ErrorKind kind) {
  return kind == ErrorKind::unexpected || kind == ErrorKind::storage || kind == ErrorKind::storage_lost;
}

std::string chunk_of(std::string_view piece) { return fmt::format("{:x}\r\n{}\r\n", piece.size(), piece); }

/// Counts as long as it lives.
class Counted {
 public:
  explicit Counted(std::map<std::string, std::size_t>& counts, const std::string& name)
      : counts_(counts), name_(name) {
    ++counts_[name_];
  }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() {
    if (--counts_[name_] == 0) counts_.erase(name_);
  }

 private:
  std::map<std::string, std::size_t>& counts_;
  std::string name_;
};

/// A stream of events that counts among its client's.
class CountedStream : public ApiStream {
 public:
  CountedStream(std::shared_ptr<ApiStream> inner, std::map<std::string, std::size_t>& counts,
                const std::string& name)
      : inner_(std::move(inner)), counted_(counts, name) {}
  asio::awaitable<Result<std::optional<std::string>>> next() override { return inner_->next(); }
  void stop() override { inner_->stop(); }

 private:
  std::shared_ptr<ApiStream> inner_;
  Counted counted_;
};

}  // namespace

ApiConnection::ApiConnection(asio::any_io_executor loop, std::unique_ptr<ApiWire> wire, ApiPeer peer,
                             ApiCommon& common)
    : wire_(std::move(wire)), deadline_(std::move(loop)), peer_(std::move(peer)), common_(common) {}

asio::awaitable<void> ApiConnection::serve() {
  limit_time(common_.limits.header_time);
  bool is_open = co_await wire_->greet();
  if (is_open && !peer_.names && (!peer_.process || !is_allowed(*peer_.process))) {
    co_await write(refused({ErrorKind::unauthorized,
                            "this process takes commands from its own user and root alone", ""}),
                   /*has_body=*/true, /*keeps_open=*/false);
    is_open = false;
  }
  while (is_open && !is_leaving_) {
    std::optional<Head> head = co_await read_head();
    if (!head || is_leaving_) break;
    ApiAnswer answer;
    bool has_body = true;
    bool keeps_open = false;
    if (auto* request = std::get_if<RequestHead>(&*head)) {
      has_body = request->method != "HEAD";
      body_left_ = request->body_bytes;
      answer = co_await answer_to(*request);
      keeps_open = request->keeps_open && body_left_ == 0 && !is_leaving_;
    } else {
      answer = std::get<ApiAnswer>(std::move(*head));
    }
    is_open = co_await write(std::move(answer), has_body, keeps_open);
    is_open = is_open && keeps_open;
    waits_since_ = ++common_.waits;
  }
  co_await end();
}

void ApiConnection::leave() {
  is_leaving_ = true;
  if (is_reading_) return close();
  if (!stream_) return;
  stream_->stop();
  // Whoever takes a long answer slowly must not keep the server from ending.
  limit_time(farewell_time);
}

/// Absent: the client has left.
asio::awaitable<std::optional<ApiConnection::Head>> ApiConnection::read_head() {
  is_reading_ = true;
  target_.clear();
  limit_time(unread_.empty() ? common_.limits.idle_time : common_.limits.header_time);
  while (true) {
    const auto looked = end_of_head(std::string_view{unread_}.substr(0, common_.limits.header_bytes_max));
    if (const auto* no = std::get_if<ApiAnswer>(&looked)) co_return Head{*no};
    if (const std::size_t end = std::get<std::size_t>(looked); end > 0) {
      Head head = read_request_head(std::string_view{unread_}.substr(0, end));
      unread_.erase(0, end);
      co_return head;
    }
    if (unread_.size() >= common_.limits.header_bytes_max) {
      co_return Head{refused(
          431, {ErrorKind::usage,
                fmt::format("the request's header is larger than {} bytes", common_.limits.header_bytes_max),
                "Leave out header fields; few are needed."})};
    }
    const bool is_first = unread_.empty();
    const bool has_come = co_await read_more();
    if (!has_come || is_leaving_) co_return std::nullopt;
    if (is_first) limit_time(common_.limits.header_time);
  }
}

asio::awaitable<bool> ApiConnection::read_more() {
  std::array<char, 16384> bytes;
  const std::size_t count = co_await wire_->read_some(asio::buffer(bytes));
  unread_.append(bytes.data(), count);
  co_return count > 0;
}

asio::awaitable<ApiAnswer> ApiConnection::answer_to(RequestHead& head) {
  target_ = head.target;
  if (peer_.names) {
    if (std::optional<ApiAnswer> no = peer_.names->objection_to(head)) co_return *std::move(no);
  }
  std::variant<ApiClient, ApiAnswer> client = client_of(head);
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
  if (std::optional<ApiAnswer> no = objection_to_body(*route, head)) co_return *std::move(no);
  std::optional<ApiAnswer> no = co_await read_body(*route, head, request);
  if (no) co_return *std::move(no);
  is_reading_ = false;
  deadline_.cancel();
  ApiAnswer answer = co_await handled(*route, std::move(request));
  co_return answer;
}

std::variant<ApiClient, ApiAnswer> ApiConnection::client_of(const RequestHead& head) {
  if (!peer_.names) {
    return ApiClient{.kind = ApiClient::Kind::unix_user,
                     .name = common_.surroundings.name_of(peer_.process->user),
                     .scope = ApiScope::admin,
                     .origin = peer_.origin,
                     .user = peer_.process->user,
                     .process = peer_.process->process};
  }
  if (!head.authorization) {
    return ApiClient{.name = "anonymous",
                     .scope = peer_.is_loopback ? common_.access.anonymous : ApiScope::none,
                     .origin = peer_.origin};
  }
  const std::optional<std::string_view> presented = token_in(*head.authorization);
  // Whatever is presented takes the same path.
  const ApiToken* token = common_.access.tokens.find(presented.value_or(""), common_.utc_now());
  if (!presented || token == nullptr) return login_failure(head);
  return ApiClient{
      .kind = ApiClient::Kind::token, .name = token->name, .scope = token->scope, .origin = peer_.origin};
}

ApiAnswer ApiConnection::login_failure(const RequestHead& head) {
  Error error{ErrorKind::unauthorized, "the token is none that is known here",
              "`sluice token new` makes one; the operator puts its line into the tokens file."};
  if (!common_.guard.take_failure(peer_.origin, std::chrono::steady_clock::now())) {
    error.message = "too many wrong tokens";
    error.hint = "Wait a second.";
    return refused(429, std::move(error), {{"Retry-After", "1"}});
  }
  if (common_.surroundings.tell) {
    common_.surroundings.tell({.kind = ApiIncident::Kind::login_failed,
                               .instance = {},
                               .origin = peer_.origin,
                               .target = head.target,
                               .error = error});
  }
  return refused(401, std::move(error),
                 {{"WWW-Authenticate", "Bearer realm=\"sluice\", error=\"invalid_token\""}});
}

std::optional<ApiAnswer> ApiConnection::objection_to_body(const Route& route, const RequestHead& head) const {
  const std::string_view type = media_type(head);
  if (route.body == ApiBody::none && head.body_bytes > 0) {
    return refused({ErrorKind::usage, "this takes no body", "Leave it out."});
  }
  if (route.body == ApiBody::json && !equals_ignoring_case(type, "application/json")) {
    return refused(415, {ErrorKind::usage, "a body here is JSON and says so",
                         "Send the header Content-Type: application/json."});
  }
  if (route.body == ApiBody::upload &&
      std::ranges::none_of(upload_types, [&](auto known) { return equals_ignoring_case(type, known); })) {
    return refused(415, {ErrorKind::usage, "this kind of content is not taken",
                         "Send Content-Type: text/csv, text/plain or application/x-ndjson."});
  }
  const std::uint64_t max =
      route.body == ApiBody::upload ? common_.limits.upload_bytes_max : common_.limits.body_bytes_max;
  if (head.body_bytes <= max) return std::nullopt;
  return refused(413, {ErrorKind::usage, fmt::format("the request's body is larger than {} bytes", max),
                       route.body == ApiBody::upload ? "See api.upload_bytes_max of the configuration."
                                                     : "Long lists go to POST /api/v1/device-lists."});
}

/// An answer: the body is refused. If the client has left, the connection is leaving.
asio::awaitable<std::optional<ApiAnswer>> ApiConnection::read_body(const Route& route,
                                                                   const RequestHead& head,
                                                                   ApiRequest& request) {
  limit_time(common_.limits.body_time);
  if (head.expects_continue && head.body_bytes > 0) {
    const bool is_told = co_await wire_->write("HTTP/1.1 100 Continue\r\n\r\n");
    if (!is_told) close();
  }
  if (route.body == ApiBody::upload) {
    std::optional<ApiAnswer> no = co_await read_upload(head, request);
    co_return no;
  }
  while (unread_.size() < head.body_bytes && !is_leaving_) {
    const bool has_come = co_await read_more();
    if (!has_come) close();
  }
  if (is_leaving_) co_return refused({ErrorKind::usage, "the body did not come", ""});
  request.body = unread_.substr(0, head.body_bytes);
  unread_.erase(0, head.body_bytes);
  body_left_ = 0;
  co_return std::nullopt;
}

/// Of one that comes piece by piece, each piece gives the next one its time.
asio::awaitable<std::optional<ApiAnswer>> ApiConnection::read_upload(const RequestHead& head,
                                                                     ApiRequest& request) {
  if (!common_.files) co_return refused({ErrorKind::refused, "this process takes no uploads", ""});
  const std::string folder = common_.surroundings.uploads_folder;
  const auto begin = [folder]() -> asio::awaitable<Result<std::shared_ptr<UploadedFile>>> {
    co_return UploadedFile::begin(folder);
  };
  auto begun = co_await asio::co_spawn(*common_.files, begin, asio::use_awaitable);
  if (begun.has_error()) co_return refused(begun.error());
  const std::shared_ptr<UploadedFile> file = *std::move(begun);
  const auto started = std::chrono::steady_clock::now();
  while (body_left_ > 0) {
    if (unread_.empty()) {
      const bool has_come = co_await read_more();
      if (!has_come) close();
    }
    if (is_leaving_) co_return refused({ErrorKind::usage, "the body did not come", ""});
    const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(unread_.size(), body_left_));
    const std::string piece = unread_.substr(0, count);
    unread_.erase(0, count);
    const auto append = [file, piece]() -> asio::awaitable<Result<void>> { co_return file->append(piece); };
    const Result<void> appended = co_await asio::co_spawn(*common_.files, append, asio::use_awaitable);
    if (appended.has_error()) co_return refused(appended.error());
    body_left_ -= count;
    const auto used =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started);
    limit_time(common_.limits.body_time + time_for(head.body_bytes - body_left_) - used);
  }
  const auto finish = [file]() -> asio::awaitable<Result<void>> { co_return file->finish(); };
  const Result<void> finished = co_await asio::co_spawn(*common_.files, finish, asio::use_awaitable);
  if (finished.has_error()) co_return refused(finished.error());
  request.upload = file;
  co_return std::nullopt;
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
  if (!answer.stream || answer.content_type != event_stream_type) co_return answer;
  const auto following = common_.event_streams.find(client);
  if (following != common_.event_streams.end() &&
      following->second >= common_.limits.event_streams_per_client_max) {
    co_return refused(
        429,
        {ErrorKind::refused,
         fmt::format("{} follows events {} times already", printable(client, 128), following->second),
         "End one of them first."},
        {{"Retry-After", "15"}});
  }
  answer.stream = std::make_shared<CountedStream>(std::move(answer.stream), common_.event_streams, client);
  co_return answer;
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
                              .now = common_.utc_now()};
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
    if (!is_leaving_) deadline_.cancel();
    const Result<std::optional<std::string>> piece = co_await answer.stream->next();
    if (piece.has_error()) {
      ApiAnswer broken = refused(piece.error());
      make_problem(broken);
      co_return false;
    }
    if (!*piece) break;
    if (is_leaving_) co_return false;
    // Cut off rather than ended: half an export must not look whole.
    if (permit_ && !permit_->holds(common_.access, common_.utc_now())) co_return false;
    if ((*piece)->empty()) continue;  // an empty chunk would be the end
    const std::string chunk = chunk_of(**piece);
    const bool is_taken = co_await write_within_time(chunk);
    if (!is_taken) co_return false;
  }
  const bool is_ended = co_await write_within_time("0\r\n\r\n");
  co_return is_ended;
}

/// A stranger is told no more of our own trouble than what to ask the operator for.
void ApiConnection::make_problem(ApiAnswer& answer) {
  const std::string instance = common_.next_instance();
  Error error = *answer.error;
  if (is_told_in_general(error.kind)) {
    if (common_.surroundings.tell) {
      common_.surroundings.tell({.kind = ApiIncident::Kind::internal_error,
                                 .instance = instance,
                                 .origin = peer_.origin,
                                 .target = target_,
                                 .error = error});
    }
    if (peer_.names) {
      error.message = "the server could not do this";
      error.hint = "Its log says why, under the name of this answer.";
    }
  }
  answer.body = problem_json(answer.status, error, instance, answer.devices);
  answer.content_type = problem_content_type;
}

asio::awaitable<bool> ApiConnection::write_within_time(std::string_view text) {
  limit_time(is_leaving_ ? farewell_time : common_.limits.write_time + time_for(text.size()));
  const bool is_taken = co_await wire_->write(text);
  co_return is_taken;
}

/// A connection that is closed while bytes of the client are under way is reset, and a reset may overtake the
/// answer: so he is heard out for a moment.
asio::awaitable<void> ApiConnection::end() {
  is_reading_ = true;
  if (!is_leaving_) {
    limit_time(farewell_time);
    co_await wire_->finish();
    std::uint64_t swallowed = 0;
    bool has_come = true;
    while (has_come && !is_leaving_ && swallowed < swallowed_bytes_max) {
      unread_.clear();
      has_come = co_await read_more();
      swallowed += unread_.size();
    }
  }
  close();
}

std::chrono::milliseconds ApiConnection::time_for(std::size_t bytes) const {
  return std::chrono::milliseconds{bytes * 1000 / common_.limits.bytes_per_second_min};
}

void ApiConnection::limit_time(std::chrono::milliseconds time) {
  deadline_.expires_after(time);
  deadline_.async_wait([self = shared_from_this()](const error_code& canceled) {
    // One that was due while it was being set anew is no longer meant.
    const bool is_due = self->deadline_.expiry() <= std::chrono::steady_clock::now();
    if (!canceled && is_due) self->close();
  });
}

void ApiConnection::close() {
  is_leaving_ = true;
  deadline_.cancel();
  wire_->close();
}

}  // namespace sluice
