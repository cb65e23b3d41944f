// SPDX-License-Identifier: MIT
// A transport with a loop of its own, for tests that want one reply after the other.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/transport/https.hpp"
#include "transport/https/resolver.hpp"

namespace sluice::tests {

/// Deadlines that a machine with much else to do keeps. A test that runs into one on purpose shortens that
/// one.
HttpsOptions patient_options();

class TransportClient {
 public:
  explicit TransportClient(const std::string& endpoint, const HttpsOptions& options = patient_options(),
                           HostLookup lookup = &look_up_host);

  /// Sends and runs the loop until the reply is there and nothing else is left to do.
  Reply send(const HttpRequest& request, ConnectionChoice connection = ConnectionChoice::any);
  /// Begins to send; the reply is put where it is told. The test runs the loop, and keeps both as long.
  void start(const HttpRequest& request, std::optional<Reply>& reply,
             ConnectionChoice connection = ConnectionChoice::any);
  /// Runs the loop until the condition holds. @return false: it did not within a minute
  bool run_until(const std::function<bool()>& condition);
  /// Many at once.
  std::vector<Reply> send_all(const HttpRequest& request, std::size_t times);

  WireGate gate;         ///< counts and opens unless a test sets another
  int gates_opened = 0;  ///< by the gate above
  boost::asio::io_context context;
  std::unique_ptr<Transport> transport;
};

HttpRequest post(std::string body = "a=1");

/// The answer; a test that gets a failure instead fails with its message.
HttpResponse answer_of(const Reply& reply);
TransportFailure failure_of(const Reply& reply);

}  // namespace sluice::tests
