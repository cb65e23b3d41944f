// SPDX-License-Identifier: MIT
// The shell around the simulated cloud: listens, accepts, keeps the connections and the ledger, closes the
// port in outages.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "cloud.hpp"
#include "connection.hpp"
#include "ledger.hpp"
#include "options.hpp"
#include "summary.hpp"

namespace sluice::simulator {

class Server final : public Exchange {
 public:
  explicit Server(Options options);
  ~Server() override;

  /// Takes the port and begins to serve; or says what is wrong.
  std::optional<std::string> start();
  void stop();

  const Options& options() const { return options_; }
  unsigned short port() const { return endpoint_.port(); }
  Summary summary() const;

 private:
  std::optional<std::string> open_ledger();
  std::optional<std::string> prepare_tls();
  std::optional<std::string> make_own_identity();
  std::optional<std::string> resolve_bind();
  boost::system::error_code listen();

  boost::asio::awaitable<void> accept_connections();
  boost::asio::awaitable<void> serve(std::shared_ptr<Connection> connection);
  boost::asio::awaitable<void> keep_outages(std::chrono::nanoseconds first_request_at);
  void spawn(boost::asio::awaitable<void> work);
  void run();

  std::chrono::nanoseconds now() const override;
  std::chrono::steady_clock::time_point clock_at(std::chrono::nanoseconds since_start) const override;
  Passage receive(std::chrono::nanoseconds read_at) override;
  Verdict arrive(const Request& request, const Passage& passage, std::chrono::nanoseconds at) override;

  Options options_;
  boost::asio::io_context io_{1};
  std::optional<boost::asio::ssl::context> tls_;
  boost::asio::ip::tcp::endpoint endpoint_;
  boost::asio::ip::tcp::acceptor acceptor_{io_};
  boost::asio::steady_timer may_accept_{io_};  ///< cancelled when accepting may go on
  boost::asio::steady_timer outage_{io_};
  std::set<std::shared_ptr<Connection>> connections_;
  long connections_accepted_ = 0;
  bool stopping_ = false;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();

  mutable std::mutex mutex_;  ///< guards what summary() reads: the cloud and the ledger
  Cloud cloud_;
  std::unique_ptr<Ledger> ledger_;
  std::chrono::nanoseconds last_arrival_{};

  std::thread thread_;
};

}  // namespace sluice::simulator
