// SPDX-License-Identifier: MIT
// Tells the service manager how the daemon is doing: one datagram each to the socket that it has named, as
// sd_notify(3) describes. Without such a socket nothing is told.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "app/settings.hpp"

namespace sluice {

class ServiceNotice {
 public:
  explicit ServiceNotice(const Environment& environment);
  ServiceNotice(const ServiceNotice&) = delete;
  ServiceNotice& operator=(const ServiceNotice&) = delete;
  ~ServiceNotice();

  void ready() { tell("READY=1"); }
  /// READY follows when it is over.
  void reloading();
  void stopping() { tell("STOPPING=1"); }
  /// One line for people. Printable text only.
  void status(std::string_view text) { tell("STATUS=" + std::string{text}); }
  void alive() { tell("WATCHDOG=1"); }

  /// Within such a time alive() must be said; absent: nobody waits for it.
  std::optional<std::chrono::microseconds> watchdog() const { return watchdog_; }

 private:
  void tell(const std::string& state);

  std::string socket_name_;
  int socket_ = -1;
  std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace sluice
