// SPDX-License-Identifier: MIT
// What was asked of `sluice backup` and `sluice restore`.
#pragma once

#include <string>

namespace sluice {

struct BackupOptionsGiven {
  std::string file;
  bool may_replace = false;  ///< backup: a file that is there already
};

}  // namespace sluice
