// SPDX-License-Identifier: MIT
// A server that does as little as one can: it answers each request with Success, over plain HTTP on loopback,
// on connections that stay. So what is measured is the client.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

namespace sluice::bench {

class Sink {
 public:
  /// Listens at once, on a port of the system's choice.
  Sink();
  ~Sink();
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  std::uint16_t port() const { return port_; }

  /// Never returns.
  [[noreturn]] void serve();

 private:
  void accept_all();
  void read(int connection);
  void answer_complete_requests(int connection, std::string& unread);

  int listener_ = -1;
  int epoll_ = -1;
  std::uint16_t port_ = 0;
  std::unordered_map<int, std::string> unread_;  ///< by connection
};

}  // namespace sluice::bench
