// SPDX-License-Identifier: MIT
// Seam: how a request travels to one endpoint. The engine is transport/https; tests have one of their own.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>

#include "sluice/transport/http_message.hpp"

namespace sluice {

/// Awaited by the transport when everything is ready and the next thing to happen is the request's first
/// byte. Completes with true when it may go out now, with false when it must not go out at all.
using WireGate = std::function<boost::asio::awaitable<bool>()>;

enum class ConnectionChoice {
  any,    ///< a kept-alive one is welcome
  fresh,  ///< open a new one: an identical replay must not meet the old connection's leftovers
};

class Transport {
 public:
  virtual ~Transport() = default;

  /// Sends the request once; never repeats it by itself. Connects first, then awaits the gate, then writes.
  /// If the connection turns out dead after the gate opened and before a byte was written, it may connect
  /// anew, and then awaits the gate again. Both arguments must outlive the call. Every wait inside has a
  /// deadline (but the gate's, which is the caller's).
  virtual boost::asio::awaitable<Reply> send(const HttpRequest& request, const WireGate& gate,
                                             ConnectionChoice connection) = 0;

  /// Closes idle connections and makes exchanges under way fail soon.
  virtual void close() = 0;
};

}  // namespace sluice
