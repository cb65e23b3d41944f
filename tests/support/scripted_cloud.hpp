// SPDX-License-Identifier: MIT
// A transport on virtual time: it remembers what was sent and answers as its script says.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "sluice/clock/clock.hpp"
#include "sluice/transport/transport.hpp"

namespace sluice::test {

struct SentRequest {
  SteadyTime at;
  HttpRequest request;
  ConnectionChoice connection = ConnectionChoice::any;
  std::vector<std::string> devices;  ///< as the form body names them
};

struct ScriptedAnswer {
  std::chrono::nanoseconds delay{0};
  Reply reply;
};

/// The answer to the n-th request that went to the wire, counted from 0.
using Script = std::function<ScriptedAnswer(const SentRequest& request, std::size_t n)>;

class ScriptedCloud : public Transport {
 public:
  ScriptedCloud(Clock& clock, Script script) : clock_(clock), script_(std::move(script)) {}

  boost::asio::awaitable<Reply> send(const HttpRequest& request, const WireGate& gate,
                                     ConnectionChoice connection) override;
  void close() override {}

  /// Whether the endpoint takes connections at that time.
  std::function<bool(SteadyTime)> is_reachable = [](SteadyTime) { return true; };
  /// Called for every connection; how long it takes.
  std::function<std::chrono::nanoseconds()> connect = [] { return std::chrono::nanoseconds{0}; };
  /// Whether the connection turns out to be dead behind the gate, so that the next one asks the gate again.
  std::function<bool(SteadyTime)> is_dead_behind_gate = [](SteadyTime) { return false; };

  /// What passed the gate, in that order.
  const std::vector<SentRequest>& sent() const { return sent_; }
  /// How often no connection was to be had, before or behind the gate.
  std::size_t refusals() const { return refusals_; }
  std::size_t most_at_once() const { return most_at_once_; }

 private:
  Clock& clock_;
  Script script_;
  std::vector<SentRequest> sent_;
  std::size_t refusals_ = 0;
  std::size_t at_once_ = 0;
  std::size_t most_at_once_ = 0;
};

// Answers in the shapes of the cloud.
HttpResponse accepted_answer();
HttpResponse gateway_refusal(int status, std::string code);
HttpResponse product_refusal(std::string code);
TransportFailure silence();
TransportFailure refused_connection();

}  // namespace sluice::test
