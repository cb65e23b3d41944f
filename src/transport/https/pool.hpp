// SPDX-License-Identifier: MIT
// The connections towards one endpoint: idle ones to take, new ones to open, never more than so many at once.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sluice/transport/http_message.hpp"
#include "sluice/transport/https.hpp"
#include "sluice/transport/transport.hpp"
#include "transport/https/resolver.hpp"
#include "transport/https/tls_context.hpp"
#include "transport/https/wire.hpp"

namespace sluice {

class Pool;

/// One of the pool's places, with the connection in it once there is one. Given back at its end: the
/// connection is closed unless keep() was called.
class Lease {
 public:
  explicit Lease(std::shared_ptr<Pool> pool) : pool_(std::move(pool)) {}
  Lease(Lease&&) = default;
  Lease& operator=(Lease&& other) noexcept;
  ~Lease() { give_back(); }

  Wire& wire() const { return *wire_; }
  bool has_wire() const { return wire_ != nullptr; }
  void put(std::shared_ptr<Wire> wire) { wire_ = std::move(wire); }
  /// The connection is in order and may serve another request.
  void keep();

 private:
  void give_back();

  std::shared_ptr<Pool> pool_;
  std::shared_ptr<Wire> wire_;
};

using Acquired = std::variant<Lease, TransportFailure>;

class Pool : public std::enable_shared_from_this<Pool> {
 public:
  /// `tls` is absent for a plain endpoint.
  Pool(boost::asio::any_io_executor executor, Endpoint endpoint, const HttpsOptions& options,
       std::optional<TlsContext> tls, HostLookup lookup);

  /// A lease with a connection that is ready for a request, or why there is none.
  boost::asio::awaitable<Acquired> acquire(ConnectionChoice connection);
  void close();
  bool is_closed() const { return is_closed_; }

  const Endpoint& endpoint() const { return endpoint_; }
  const HttpsOptions& options() const { return options_; }
  /// "host:port", for messages.
  const std::string& peer() const { return peer_; }

 private:
  friend class Lease;
  struct Waiter {
    bool wants_fresh = false;
    boost::asio::steady_timer wake;
    std::optional<Lease> granted;
  };
  struct Idle {
    std::shared_ptr<Wire> wire;
    SteadyTime since;
  };
  using Addresses = std::variant<std::vector<boost::asio::ip::tcp::endpoint>, TransportFailure>;

  /// Nothing when the time came, or close().
  boost::asio::awaitable<std::optional<Lease>> wait_in(std::deque<Waiter*>& queue, bool wants_fresh,
                                                       SteadyTime until);
  void grant(std::deque<Waiter*>& queue, std::deque<Waiter*>::iterator next, std::shared_ptr<Wire> kept);
  boost::asio::awaitable<Acquired> wait_for_place(bool wants_fresh);
  boost::asio::awaitable<Acquired> open_when_possible(Lease lease, bool wants_fresh);
  /// Puts a connection into the lease, or says why there is none.
  boost::asio::awaitable<std::optional<TransportFailure>> open(Lease& lease, SteadyTime deadline);
  boost::asio::awaitable<Addresses> find_addresses(SteadyTime deadline);
  std::shared_ptr<Wire> take_idle();
  /// @return how many there were
  std::size_t drop_idle();
  void drop_old_idle();
  void return_place(std::shared_ptr<Wire> kept);
  void watch(const std::shared_ptr<Stoppable>& stoppable);
  TransportFailure handshake_failure(const Wire& wire, const WireStep& step) const;
  TransportFailure failure(FailureKind kind, std::string message) const;

  boost::asio::any_io_executor executor_;
  Endpoint endpoint_;
  HttpsOptions options_;
  std::optional<TlsContext> tls_;
  std::string peer_;
  Resolver resolver_;
  std::size_t places_taken_ = 0;  ///< leased, opening or idle
  std::vector<Idle> idle_;        ///< newest last
  std::deque<Waiter*> waiters_;   ///< for a place
  std::deque<Waiter*> starved_;   ///< have a place, but the machine has no descriptor for them
  std::vector<std::weak_ptr<Stoppable>> stoppables_;
  bool is_closed_ = false;
};

}  // namespace sluice
