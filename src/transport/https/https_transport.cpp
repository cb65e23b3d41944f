// SPDX-License-Identifier: MIT
// One exchange, from the gate to the last byte of the answer.
#include "transport/https/https_transport.hpp"

#include <array>
#include <optional>
#include <utility>

#include "sluice/core/kill_point.hpp"
#include "transport/https/answer_reader.hpp"
#include "transport/https/pool.hpp"
#include "transport/https/request_text.hpp"

namespace sluice {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

/// How often a connection may turn out dead behind the gate before we call the peer broken.
constexpr int connections_tried_max = 3;

TransportFailure stopped(const Pool& pool) {
  return TransportFailure{FailureKind::stopped, false,
                          "nothing was sent to " + pool.peer() + ": we are stopping"};
}

/// What to report when a step between the first byte and the last did not succeed.
TransportFailure failed_exchange(const Pool& pool, const Wire& wire, const WireStep& step,
                                 std::size_t bytes_sent, std::size_t bytes_read) {
  const bool may_have_arrived = bytes_sent > 0;
  const std::string progress = bytes_read == 0
                                   ? " before any answer"
                                   : " after " + std::to_string(bytes_read) + " bytes of its answer";
  switch (step.end) {
    case WireEnd::timeout:
      return {FailureKind::timeout, may_have_arrived,
              "no complete answer from " + pool.peer() + " within " +
                  std::to_string(pool.options().exchange_timeout.count()) + " ms (" +
                  std::to_string(bytes_read) + " bytes came)"};
    case WireEnd::stopped:
      return {may_have_arrived ? FailureKind::broken : FailureKind::stopped, may_have_arrived,
              "the exchange with " + pool.peer() + " was ended by us" + progress};
    case WireEnd::tls:
      return {FailureKind::broken, may_have_arrived,
              "TLS with " + pool.peer() + " failed" + progress + ": " + wire.tls_failure().reason};
    case WireEnd::none:
    case WireEnd::closed:
    case WireEnd::cut:
      break;
  }
  const std::string reason = step.reason.empty() ? "" : ": " + step.reason;
  return {FailureKind::broken, may_have_arrived, pool.peer() + " closed the connection" + progress + reason};
}

/// Writes the request and reads its answer, with the deadline already set.
asio::awaitable<Reply> converse(const Pool& pool, Lease& lease, std::string_view text, bool has_body) {
  Wire& wire = lease.wire();
  const std::size_t taken_before = wire.bytes_taken();
  reach(KillPoint::wire_first_byte);
  const WireStep written = co_await wire.write(text);
  if (written.end != WireEnd::none) {
    co_return failed_exchange(pool, wire, written, wire.bytes_taken() - taken_before, 0);
  }
  reach(KillPoint::wire_last_byte);

  const AnswerReader::Limits limits{.body_bytes_max = pool.options().answer_bytes_max};
  AnswerReader reader(limits, has_body);
  auto state = AnswerReader::State::wants_more;
  std::array<char, 8 * 1024> buffer;
  WireStep step;
  while (state == AnswerReader::State::wants_more) {
    step = co_await wire.read_some(buffer.data(), buffer.size());
    if (step.end == WireEnd::none) {
      reach(KillPoint::answer_first_byte);
      state = reader.put(std::string_view(buffer.data(), step.bytes));
    } else if (step.end == WireEnd::closed) {
      state = reader.put_end();
    } else {
      state = AnswerReader::State::cut;
    }
  }
  if (state == AnswerReader::State::cut)
    co_return failed_exchange(pool, wire, step, text.size(), reader.bytes_seen());
  if (state == AnswerReader::State::unreadable) {
    co_return TransportFailure{FailureKind::unreadable, true,
                               "the answer of " + pool.peer() + " cannot be used: " + reader.reason()};
  }
  reach(KillPoint::answer_complete);
  wire.clear_deadline();
  const bool in_order = step.end == WireEnd::none && reader.keeps_alive() && !reader.has_left_over();
  if (in_order && wire.is_quiet()) lease.keep();
  co_return reader.take_answer();
}

/// The pool is shared, so that the transport may go while this waits.
asio::awaitable<Reply> exchange(std::shared_ptr<Pool> pool, const HttpRequest& request, const WireGate& gate,
                                ConnectionChoice connection) {
  const std::string text = request_text(request, pool->endpoint());
  const bool has_body = request.method != "HEAD";
  for (int tried = 0; tried < connections_tried_max; ++tried) {
    Acquired acquired = co_await pool->acquire(connection);
    if (auto* failed = std::get_if<TransportFailure>(&acquired)) co_return std::move(*failed);
    Lease lease = std::move(std::get<Lease>(acquired));

    const bool may_go = co_await gate();
    if (pool->is_closed()) co_return stopped(*pool);
    // The wait may have been long, and the server may have hung up meanwhile.
    const bool is_alive = lease.wire().is_quiet();
    if (!may_go) {
      if (is_alive) lease.keep();
      co_return stopped(*pool);
    }
    if (is_alive) {
      lease.wire().set_deadline(Clock::now() + pool->options().exchange_timeout);
      co_return co_await converse(*pool, lease, text, has_body);
    }
    connection = ConnectionChoice::fresh;
  }
  co_return TransportFailure{
      FailureKind::broken, false,
      pool->peer() + " closes its connections, or talks on them, before a request is sent"};
}

class HttpsTransport : public Transport {
 public:
  explicit HttpsTransport(std::shared_ptr<Pool> pool) : pool_(std::move(pool)) {}
  HttpsTransport(const HttpsTransport&) = delete;
  HttpsTransport& operator=(const HttpsTransport&) = delete;
  ~HttpsTransport() override { pool_->close(); }

  asio::awaitable<Reply> send(const HttpRequest& request, const WireGate& gate,
                              ConnectionChoice connection) override {
    return exchange(pool_, request, gate, connection);
  }

  void close() override { pool_->close(); }

 private:
  std::shared_ptr<Pool> pool_;
};

}  // namespace

Result<std::unique_ptr<Transport>> open_https_transport(asio::any_io_executor executor, Endpoint endpoint,
                                                        const HttpsOptions& options, HostLookup lookup) {
  std::optional<TlsContext> tls;
  if (endpoint.tls) {
    auto opened = TlsContext::open(options.ca_file);
    if (!opened) return opened.error();
    tls = std::move(*opened);
  } else if (!is_loopback(endpoint)) {
    return Error{
        .kind = ErrorKind::invalid_input,
        .message = "endpoint '" + to_string(endpoint) + "': http:// is only for loopback; use https://",
        .hint = {}};
  }
  auto pool = std::make_shared<Pool>(std::move(executor), std::move(endpoint), options, std::move(tls),
                                     std::move(lookup));
  return std::unique_ptr<Transport>(std::make_unique<HttpsTransport>(std::move(pool)));
}

Result<std::unique_ptr<Transport>> open_https_transport(asio::any_io_executor executor, Endpoint endpoint,
                                                        const HttpsOptions& options) {
  return open_https_transport(std::move(executor), std::move(endpoint), options, &look_up_host);
}

}  // namespace sluice
