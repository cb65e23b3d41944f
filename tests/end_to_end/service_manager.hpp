// SPDX-License-Identifier: MIT
// A service manager as the daemon meets it: the socket that it is told by.
#pragma once

#include <string>
#include <string_view>

namespace sluice::tests {

class ServiceManager {
 public:
  /// @param path of the socket that NOTIFY_SOCKET names
  explicit ServiceManager(const std::string& path);
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;
  ~ServiceManager();

  /// Whether it was told so since the start, or since forget().
  bool has_heard(std::string_view what);
  void forget() { heard_.clear(); }
  /// What was not forgotten, a message after the other, each ended by a line end.
  const std::string& heard() const { return heard_; }

 private:
  int socket_ = -1;
  std::string heard_;
};

}  // namespace sluice::tests
