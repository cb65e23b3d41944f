// SPDX-License-Identifier: MIT
// What `sluice retry` and `sluice undo` are told.
#pragma once

#include <string>

namespace sluice {

struct AgainOptionsGiven {
  bool failed = false;  ///< none of the three: failed and not sent
  bool not_sent = false;
  bool in_doubt = false;
  std::string where;            ///< a condition over the columns of results; empty: all of them
  bool is_queued_only = false;  ///< not sent yet
};

}  // namespace sluice
