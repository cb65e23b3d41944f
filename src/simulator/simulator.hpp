// SPDX-License-Identifier: MIT
// A stand-in for the cloud's InvokeThingsService, to try jobs on without an account and to test against. It
// shares no code with the rest of the program, so that it cannot agree with our mistakes: what it demands of
// a request is written from the cloud's documentation alone.
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "options.hpp"
#include "summary.hpp"

namespace sluice::simulator {

class Server;

/// A running server, on a thread of its own.
class Simulator {
 public:
  /// Listens when it returns; or says what is wrong.
  static std::variant<std::unique_ptr<Simulator>, std::string> start(Options options);

  ~Simulator();  ///< stops
  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;

  unsigned short port() const;
  std::string url() const;  ///< such as "https://127.0.0.1:40123"
  Summary summary() const;  ///< at any time, from any thread; also after stop()

  /// Ends all connections and the thread. A second call does nothing.
  void stop();

 private:
  explicit Simulator(std::unique_ptr<Server> server);

  std::unique_ptr<Server> server_;
};

}  // namespace sluice::simulator
