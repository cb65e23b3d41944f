// SPDX-License-Identifier: MIT
// Opens connections and hands them round. A place that becomes free goes to whoever waits longest.
#include "transport/https/pool.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "transport/https/connect.hpp"
#include "transport/https/request_text.hpp"

namespace sluice {

namespace asio = boost::asio;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;

namespace {

/// Between two tries for a descriptor or port: they come free when somebody is done, not sooner for asking.
constexpr std::chrono::seconds exhaustion_pause{1};

std::string in_milliseconds(std::chrono::milliseconds span) { return std::to_string(span.count()) + " ms"; }

std::string connect_problem(const std::string& peer, const std::vector<tcp::endpoint>& endpoints,
                            const boost::system::error_code& error, std::chrono::milliseconds allowed) {
  const std::string tried =
      endpoints.size() == 1 ? "" : " (" + std::to_string(endpoints.size()) + " addresses tried)";
  if (error == asio::error::timed_out) {
    return "connect to " + peer + " timed out after " + in_milliseconds(allowed) + tried;
  }
  if (error == asio::error::connection_refused) return "connect to " + peer + " refused" + tried;
  return "connect to " + peer + " failed: " + error.message() + tried;
}

}  // namespace

Lease& Lease::operator=(Lease&& other) noexcept {
  give_back();
  pool_ = std::move(other.pool_);
  wire_ = std::move(other.wire_);
  return *this;
}

void Lease::keep() {
  if (const auto pool = std::exchange(pool_, nullptr)) pool->return_place(std::exchange(wire_, nullptr));
}

void Lease::give_back() {
  wire_.reset();
  if (const auto pool = std::exchange(pool_, nullptr)) pool->return_place(nullptr);
}

Pool::Pool(asio::any_io_executor executor, Endpoint endpoint, const HttpsOptions& options,
           std::optional<TlsContext> tls, HostLookup lookup)
    : executor_(executor),
      endpoint_(std::move(endpoint)),
      options_(options),
      tls_(std::move(tls)),
      peer_(display_name(endpoint_)),
      resolver_(executor, endpoint_.host, std::move(lookup), options.addresses_kept_for) {}

TransportFailure Pool::failure(FailureKind kind, std::string message) const {
  if (is_closed_)
    return TransportFailure{FailureKind::stopped, false, "the connection to " + peer_ + " was closed by us"};
  return TransportFailure{kind, false, std::move(message)};
}

void Pool::watch(const std::shared_ptr<Stoppable>& stoppable) {
  std::erase_if(stoppables_, [](const auto& known) { return known.expired(); });
  stoppables_.push_back(stoppable);
}

void Pool::close() {
  is_closed_ = true;
  // From here on no connection is kept, so whoever is woken below finds nothing to go on with.
  drop_idle();
  resolver_.stop();
  for (const auto& weak : stoppables_) {
    if (const auto stoppable = weak.lock()) stoppable->stop();
  }
  for (Waiter* waiter : waiters_) waiter->wake.cancel();
  for (Waiter* waiter : starved_) waiter->wake.cancel();
}

void Pool::grant(std::deque<Waiter*>& queue, std::deque<Waiter*>::iterator next, std::shared_ptr<Wire> kept) {
  Waiter& waiter = **next;
  queue.erase(next);
  waiter.granted.emplace(shared_from_this());
  if (!waiter.wants_fresh) waiter.granted->put(std::move(kept));
  waiter.wake.cancel();
}

void Pool::return_place(std::shared_ptr<Wire> kept) {
  if (is_closed_) kept.reset();
  const auto starved = std::find_if(starved_.begin(), starved_.end(),
                                    [](const Waiter* waiter) { return !waiter->wants_fresh; });
  if (kept && starved != starved_.end()) {
    grant(starved_, starved, std::move(kept));
  } else if (!waiters_.empty()) {
    grant(waiters_, waiters_.begin(), std::move(kept));
  } else if (kept) {
    idle_.push_back(Idle{.wire = std::move(kept), .since = Clock::now()});
  } else {
    --places_taken_;
  }
}

std::size_t Pool::drop_idle() {
  const std::size_t dropped = idle_.size();
  idle_.clear();
  places_taken_ -= dropped;
  return dropped;
}

void Pool::drop_old_idle() {
  const auto now = Clock::now();
  const auto dropped = std::erase_if(idle_, [&](const Idle& idle) {
    return now - idle.since > options_.idle_timeout ||
           now - idle.wire->opened_at() > options_.connection_age_max;
  });
  places_taken_ -= dropped;
}

std::shared_ptr<Wire> Pool::take_idle() {
  drop_old_idle();
  while (!idle_.empty()) {
    // The newest: the server is least likely to be about to close that one.
    const auto wire = std::move(idle_.back().wire);
    idle_.pop_back();
    // Only the one that is taken is asked: to ask all of them would be a system call each, for every request.
    if (wire->is_quiet()) return wire;
    --places_taken_;
  }
  return nullptr;
}

asio::awaitable<std::optional<Lease>> Pool::wait_in(std::deque<Waiter*>& queue, bool wants_fresh,
                                                    SteadyTime until) {
  Waiter waiter{.wants_fresh = wants_fresh, .wake = asio::steady_timer(executor_, until), .granted = {}};
  queue.push_back(&waiter);
  const struct Leave {
    std::deque<Waiter*>& queue;
    Waiter* waiter;
    ~Leave() { std::erase(queue, waiter); }
  } leave{queue, &waiter};
  co_await waiter.wake.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return std::move(waiter.granted);
}

asio::awaitable<Acquired> Pool::wait_for_place(bool wants_fresh) {
  // Long enough for every exchange under way to come to its end; what the gates take is their callers'
  // affair.
  const auto allowed = options_.connect_timeout + options_.tls_timeout + options_.exchange_timeout;
  std::optional<Lease> granted = co_await wait_in(waiters_, wants_fresh, Clock::now() + allowed);
  if (!granted) {
    co_return failure(FailureKind::timeout,
                      "no connection to " + peer_ + " came free within " + in_milliseconds(allowed));
  }
  co_return std::move(*granted);
}

asio::awaitable<Acquired> Pool::acquire(ConnectionChoice connection) {
  const bool wants_fresh = connection == ConnectionChoice::fresh;
  if (is_closed_) co_return failure(FailureKind::stopped, {});

  if (!wants_fresh) {
    if (auto wire = take_idle()) {
      Lease lease(shared_from_this());
      lease.put(std::move(wire));
      co_return lease;
    }
  }
  if (places_taken_ >= options_.connections_max && !idle_.empty()) {
    idle_.erase(idle_.begin());
    --places_taken_;
  }
  if (places_taken_ < options_.connections_max) {
    ++places_taken_;
    Lease place(shared_from_this());
    co_return co_await open_when_possible(std::move(place), wants_fresh);
  }
  Acquired waited = co_await wait_for_place(wants_fresh);
  if (std::holds_alternative<TransportFailure>(waited)) co_return waited;
  Lease lease = std::move(std::get<Lease>(waited));
  if (is_closed_) co_return failure(FailureKind::stopped, {});
  if (lease.has_wire() && lease.wire().is_quiet()) co_return lease;
  lease.put(nullptr);
  co_return co_await open_when_possible(std::move(lease), wants_fresh);
}

asio::awaitable<Acquired> Pool::open_when_possible(Lease lease, bool wants_fresh) {
  const SteadyTime deadline = Clock::now() + options_.connect_timeout;
  while (true) {
    std::optional<TransportFailure> failed = co_await open(lease, deadline);
    if (!failed) co_return lease;
    lease.put(nullptr);
    if (failed->kind != FailureKind::exhausted) co_return std::move(*failed);
    // Whatever we can do without is given back, also for the sake of those who share the machine's means.
    if (drop_idle() > 0) continue;
    const SteadyTime next_try_at = std::min(deadline, Clock::now() + exhaustion_pause);
    std::optional<Lease> granted = co_await wait_in(starved_, wants_fresh, next_try_at);
    // Somebody was done meanwhile. That connection has a place of its own; ours is given back.
    if (granted && granted->wire().is_quiet()) co_return std::move(*granted);
    if (is_closed_ || Clock::now() >= deadline) co_return failure(failed->kind, std::move(failed->message));
  }
}

asio::awaitable<Pool::Addresses> Pool::find_addresses(SteadyTime deadline) {
  std::vector<asio::ip::address> addresses;
  boost::system::error_code not_literal;
  const auto literal = asio::ip::make_address(endpoint_.host, not_literal);
  if (!not_literal) {
    addresses.push_back(literal);
  } else {
    const std::optional<ResolvedHost> resolved = co_await resolver_.resolve(deadline);
    if (!resolved) {
      co_return failure(FailureKind::resolve, "no address for host '" + endpoint_.host + "' within " +
                                                  in_milliseconds(options_.connect_timeout));
    }
    if (resolved->addresses.empty()) {
      co_return failure(resolved->is_exhausted ? FailureKind::exhausted : FailureKind::resolve,
                        "no address for host '" + endpoint_.host + "': " + resolved->error);
    }
    addresses = take_turns(resolved->addresses);
  }
  // In clear only to ourselves, whatever a name server makes of "localhost".
  if (!endpoint_.tls) std::erase_if(addresses, [](const auto& address) { return !address.is_loopback(); });
  if (addresses.empty()) {
    co_return failure(FailureKind::resolve,
                      "host '" + endpoint_.host + "' is not a loopback address; use https://");
  }
  const auto port = static_cast<std::uint16_t>(std::stoul(endpoint_.port));
  std::vector<tcp::endpoint> endpoints;
  for (const auto& address : addresses) endpoints.emplace_back(address, port);
  co_return endpoints;
}

asio::awaitable<std::optional<TransportFailure>> Pool::open(Lease& lease, SteadyTime deadline) {
  Addresses found = co_await find_addresses(deadline);
  if (auto* failed = std::get_if<TransportFailure>(&found)) co_return std::move(*failed);
  const auto& endpoints = std::get<std::vector<tcp::endpoint>>(found);

  const auto race = std::make_shared<ConnectRace>(executor_);
  watch(race);
  ConnectRace::Result connected = co_await race->run(endpoints, deadline);
  if (!connected.socket || is_closed_) {
    if (connected.is_exhausted) {
      co_return failure(FailureKind::exhausted, "no connection to " + peer_ +
                                                    ": this machine has no file descriptor or port left (" +
                                                    connected.error.message() + ")");
    }
    resolver_.forget();
    co_return failure(FailureKind::connect,
                      connect_problem(peer_, endpoints, connected.error, options_.connect_timeout));
  }

  auto session = tls_ ? std::make_unique<TlsSession>(*tls_, endpoint_.host) : nullptr;
  const auto wire = std::make_shared<Wire>(std::move(*connected.socket), std::move(session), Clock::now());
  watch(wire);
  lease.put(wire);
  if (!tls_) co_return std::nullopt;

  wire->set_deadline(Clock::now() + options_.tls_timeout);
  const WireStep step = co_await wire->handshake();
  wire->clear_deadline();
  if (step.end == WireEnd::none && !is_closed_) co_return std::nullopt;
  // Somebody else may have the address by now.
  resolver_.forget();
  co_return handshake_failure(*wire, step);
}

TransportFailure Pool::handshake_failure(const Wire& wire, const WireStep& step) const {
  if (step.end == WireEnd::timeout) {
    return failure(FailureKind::timeout, "the TLS handshake with " + peer_ + " timed out after " +
                                             in_milliseconds(options_.tls_timeout));
  }
  if (step.end != WireEnd::tls) {
    return failure(FailureKind::tls,
                   "the TLS handshake with " + peer_ +
                       " failed: " + (step.reason.empty() ? "the peer closed the connection" : step.reason));
  }
  const TlsSession::Failure& reason = wire.tls_failure();
  if (reason.is_certificate) {
    return failure(FailureKind::certificate,
                   "the certificate of " + peer_ + " is not accepted: " + reason.reason);
  }
  if (reason.is_weak) {
    return failure(FailureKind::weak_tls,
                   peer_ + " has no TLS 1.2 or newer with a safe cipher to offer: " + reason.reason);
  }
  return failure(FailureKind::tls, "the TLS handshake with " + peer_ + " failed: " + reason.reason);
}

}  // namespace sluice
