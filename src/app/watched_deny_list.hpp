// SPDX-License-Identifier: MIT
// A tenant's deny list as it is now: read anew when its file has changed, so that an entry counts for what is
// already queued.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "sluice/core/result.hpp"
#include "sluice/jobfile/device_set.hpp"

namespace sluice {

/// Takes why a deny list cannot be read any more.
using TellOfDenyList = std::function<void(const Error& why)>;

/// For people, on stderr.
void say_of_deny_list(const Error& why);

class WatchedDenyList {
 public:
  /// @param file of the list; empty: there is none
  /// @param read the list as it was read; null: nothing is denied
  WatchedDenyList(std::string file, std::shared_ptr<const DeviceSet> read, TellOfDenyList tell);

  /// A file that cannot be read any more leaves the list as it was, and is told once.
  bool denies(std::string_view device);

 private:
  void look();

  std::string file_;
  std::shared_ptr<const DeviceSet> list_;
  TellOfDenyList tell_;
  struct stat seen_{};
  bool is_told_ = false;
};

}  // namespace sluice
