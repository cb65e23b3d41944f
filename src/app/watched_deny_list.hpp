// SPDX-License-Identifier: MIT
// A tenant's deny list as it is now: read anew when its file has changed, so that an entry counts for what is
// already queued.
#pragma once

#include <sys/stat.h>

#include <memory>
#include <string>
#include <string_view>

#include "sluice/jobfile/device_set.hpp"

namespace sluice {

class WatchedDenyList {
 public:
  /// @param file of the list; empty: there is none
  /// @param read the list as it was read; null: nothing is denied
  WatchedDenyList(std::string file, std::shared_ptr<const DeviceSet> read);

  /// A file that cannot be read any more leaves the list as it was, and is complained about once.
  bool denies(std::string_view device);

 private:
  void look();

  std::string file_;
  std::shared_ptr<const DeviceSet> list_;
  struct stat seen_{};
  bool has_complained_ = false;
};

}  // namespace sluice
