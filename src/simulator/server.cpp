// SPDX-License-Identifier: MIT
#include "server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cmath>
#include <cstdio>
#include <exception>
#include <fstream>
#include <vector>

#include "certificates.hpp"

namespace sluice::simulator {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t connections_max = 200;
// Of each account, if there are several: as many as a tenant of sluice has by default.
constexpr std::size_t connections_per_account = 32;
constexpr std::chrono::milliseconds pause_after_failure{10};
constexpr auto awaited = asio::as_tuple(asio::use_awaitable);

std::size_t room_for_connections(const Options& options) {
  return std::max(connections_max, connections_per_account * static_cast<std::size_t>(options.accounts));
}

std::string reason_of(std::exception_ptr failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& exception) {
    return exception.what();
  } catch (...) {
    return "unknown exception";
  }
}

}  // namespace

Server::Server(Options options) : options_{std::move(options)}, cloud_{options_} {}

Server::~Server() { stop(); }

std::optional<std::string> Server::start() {
  if (auto problem = prepare_tls()) return problem;
  if (auto problem = resolve_bind()) return problem;
  if (auto problem = open_ledger()) return problem;
  if (const error_code error = listen()) {
    return fmt::format("could not listen on {} port {}: {}; choose another port, or 0 for any free one",
                       options_.bind, options_.port, error.message());
  }
  start_ = std::chrono::steady_clock::now();
  spawn(accept_connections());
  thread_ = std::thread{[this] { run(); }};
  return std::nullopt;
}

void Server::stop() {
  if (!thread_.joinable()) return;
  // The loop ends by itself once nothing is left to wait for.
  asio::post(io_, [this] {
    stopping_ = true;
    error_code ignored;
    acceptor_.close(ignored);
    may_accept_.cancel();
    outage_.cancel();
    for (const auto& connection : connections_) connection->close();
  });
  thread_.join();
}

Summary Server::summary() const {
  const std::lock_guard lock{mutex_};
  Summary summary = cloud_.summary();
  if (ledger_) summary.ledger_problem = ledger_->problem();
  return summary;
}

std::optional<std::string> Server::open_ledger() {
  if (options_.ledger_file.empty()) return std::nullopt;
  auto opened = Ledger::open(options_.ledger_file);
  if (auto* problem = std::get_if<std::string>(&opened)) return *problem;
  ledger_ = std::move(std::get<std::unique_ptr<Ledger>>(opened));
  return std::nullopt;
}

std::optional<std::string> Server::prepare_tls() {
  const bool has_files = !options_.certificate_file.empty() || !options_.key_file.empty();
  if (!options_.ca_file_out.empty() && (!options_.tls || has_files)) {
    return "an own CA, whose file was asked for, is only made with TLS and without a certificate and key of "
           "your own";
  }
  if (!options_.tls) return std::nullopt;
  if (has_files && (options_.certificate_file.empty() || options_.key_file.empty())) {
    return "TLS needs both a certificate file and a key file, or neither";
  }
  tls_.emplace(asio::ssl::context::tls_server);
  tls_->set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
  if (!has_files) return make_own_identity();

  error_code error;
  tls_->use_certificate_chain_file(options_.certificate_file, error);
  if (error)
    return fmt::format("{}: could not use the certificate: {}", options_.certificate_file, error.message());
  tls_->use_private_key_file(options_.key_file, asio::ssl::context::pem, error);
  if (error) return fmt::format("{}: could not use the key: {}", options_.key_file, error.message());
  return std::nullopt;
}

std::optional<std::string> Server::make_own_identity() {
  const auto made = make_server_identity();
  if (const auto* problem = std::get_if<std::string>(&made)) return *problem;
  const auto& identity = std::get<ServerIdentity>(made);
  error_code error;
  tls_->use_certificate_chain(asio::buffer(identity.certificate_pem), error);
  if (!error) tls_->use_private_key(asio::buffer(identity.key_pem), asio::ssl::context::pem, error);
  if (error) return fmt::format("could not use the certificate that was made: {}", error.message());
  if (options_.ca_file_out.empty()) return std::nullopt;

  std::ofstream file{options_.ca_file_out, std::ios::binary | std::ios::trunc};
  file << identity.ca_pem << std::flush;
  if (!file) return fmt::format("{}: could not write the CA's certificate", options_.ca_file_out);
  return std::nullopt;
}

std::optional<std::string> Server::resolve_bind() {
  error_code error;
  const auto address =
      asio::ip::make_address(options_.bind == "localhost" ? "127.0.0.1" : options_.bind, error);
  if (error)
    return fmt::format("bind: expects an IP address such as 127.0.0.1 instead of \"{}\"", options_.bind);
  endpoint_ = tcp::endpoint{address, options_.port};
  return std::nullopt;
}

error_code Server::listen() {
  error_code error;
  acceptor_.open(endpoint_.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint_, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  // With port 0 the system has chosen one, which is kept when the port is opened again after an outage; it is
  // not written then, because other threads may ask for it.
  if (!error && endpoint_.port() == 0) endpoint_ = acceptor_.local_endpoint(error);
  if (error) {
    error_code ignored;
    acceptor_.close(ignored);
  }
  return error;
}

asio::awaitable<void> Server::accept_connections() {
  while (!stopping_) {
    if (!acceptor_.is_open() || connections_.size() >= room_for_connections(options_)) {
      may_accept_.expires_at(std::chrono::steady_clock::time_point::max());
      co_await may_accept_.async_wait(awaited);
      continue;
    }
    auto [error, socket] = co_await acceptor_.async_accept(awaited);
    if (stopping_) co_return;
    if (error) {
      // Closed by an outage or the end, or no descriptor is left; the pause keeps the last from becoming a
      // busy loop.
      may_accept_.expires_after(pause_after_failure);
      co_await may_accept_.async_wait(awaited);
      continue;
    }
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    auto connection = std::make_shared<Connection>(++connections_accepted_,
                                                   make_stream(std::move(socket), tls_ ? &*tls_ : nullptr),
                                                   io_.get_executor(), *this);
    connections_.insert(connection);
    spawn(serve(connection));
  }
}

asio::awaitable<void> Server::serve(std::shared_ptr<Connection> connection) {
  co_await connection->serve();
  connections_.erase(connection);
  may_accept_.cancel();
}

/// Closes the port and opens it again at the times of the plan.
asio::awaitable<void> Server::keep_outages(std::chrono::nanoseconds first_request_at) {
  std::vector<double> times;
  for (const Outage& outage : options_.faults.outages) {
    times.push_back(outage.from_s);
    times.push_back(outage.to_s);
  }
  std::sort(times.begin(), times.end());
  for (const double time : times) {
    // A little later, so that rounding does not ask the cloud just before the change.
    const auto after_change =
        std::chrono::nanoseconds{std::llround(time * 1e9)} + std::chrono::microseconds{1};
    outage_.expires_at(clock_at(first_request_at + after_change));
    co_await outage_.async_wait(awaited);
    while (!stopping_ && cloud_.refuses_connections(now()) == acceptor_.is_open()) {
      error_code error;
      if (acceptor_.is_open()) {
        acceptor_.close(error);
      } else {
        error = listen();
        may_accept_.cancel();
      }
      if (!error) break;
      outage_.expires_after(pause_after_failure);
      co_await outage_.async_wait(awaited);
    }
    if (stopping_) co_return;
  }
}

/// A coroutine of the server never ends with an exception, unless memory or the program is broken: then the
/// server stops visibly.
void Server::spawn(asio::awaitable<void> work) {
  asio::co_spawn(io_, std::move(work), [this](std::exception_ptr failure) {
    if (!failure) return;
    fmt::print(stderr, "simulator_stopped reason=\"{}\"\n", reason_of(failure));
    io_.stop();
  });
}

void Server::run() { io_.run(); }

std::chrono::nanoseconds Server::now() const { return std::chrono::steady_clock::now() - start_; }

std::chrono::steady_clock::time_point Server::clock_at(std::chrono::nanoseconds since_start) const {
  return start_ + since_start;
}

Passage Server::receive(std::chrono::nanoseconds read_at) {
  const bool first = !cloud_.first_request_at();
  if (first && !options_.faults.outages.empty()) spawn(keep_outages(read_at));
  const std::lock_guard lock{mutex_};
  return cloud_.receive({read_at, {}});
}

Verdict Server::arrive(const Request& request, const Passage& passage, std::chrono::nanoseconds at) {
  const std::lock_guard lock{mutex_};
  last_arrival_ = std::max(last_arrival_, at);
  const auto utc = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  Verdict verdict = cloud_.arrive(request, passage, {last_arrival_, utc});
  if (ledger_) ledger_->append(verdict.entry);
  return verdict;
}

}  // namespace sluice::simulator
