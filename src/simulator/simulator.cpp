// SPDX-License-Identifier: MIT
#include "simulator.hpp"

#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "server.hpp"

namespace sluice::simulator {
namespace {

std::optional<std::string> problem_of(const Options& options) {
  if (!std::isfinite(options.requests_per_second) || options.requests_per_second < 0.001 ||
      options.requests_per_second > 1'000'000) {
    return "requests per second: expects a number from 0.001 to 1000000";
  }
  if (options.access_key_id.empty() || options.access_key_secret.empty()) {
    return "the simulated account needs an access key id and a secret";
  }
  if (options.action.empty()) return "the action to answer to must not be empty";
  return std::nullopt;
}

}  // namespace

std::variant<std::unique_ptr<Simulator>, std::string> Simulator::start(Options options) {
  if (auto problem = problem_of(options)) return *problem;
  auto server = std::make_unique<Server>(std::move(options));
  if (auto problem = server->start()) return *problem;
  return std::unique_ptr<Simulator>{new Simulator{std::move(server)}};
}

Simulator::Simulator(std::unique_ptr<Server> server) : server_{std::move(server)} {}

Simulator::~Simulator() = default;

unsigned short Simulator::port() const { return server_->port(); }

std::string Simulator::url() const {
  std::string host = server_->options().bind;
  // "Any address" is nothing one can connect to.
  if (host == "0.0.0.0" || host == "::") host = "localhost";
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return fmt::format("{}://{}:{}", server_->options().tls ? "https" : "http", host, server_->port());
}

Summary Simulator::summary() const { return server_->summary(); }

void Simulator::stop() { server_->stop(); }

}  // namespace sluice::simulator
