// SPDX-License-Identifier: MIT
// Tells when something in a folder has changed, by inotify. What has changed, nobody is told: look. Lives on
// the loop.
#pragma once

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <string>

#include "sluice/core/result.hpp"

namespace sluice {

class FolderWatch {
 public:
  /// @param changed called on the loop, soon after a change and once for those that come together
  FolderWatch(boost::asio::any_io_executor loop, std::function<void()> changed);

  /// Instead of what was watched before. Fails: there is no such folder, or the system watches no more.
  Result<void> watch(const std::string& folder);
  void stop();

 private:
  void read();
  void tell_soon();

  std::function<void()> changed_;
  boost::asio::posix::stream_descriptor events_;
  boost::asio::steady_timer calm_;
  alignas(8) std::array<char, 4096> buffer_{};
  bool is_telling_ = false;
};

}  // namespace sluice
