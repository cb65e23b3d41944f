// SPDX-License-Identifier: MIT
// What was asked of `sluice token`.
#pragma once

#include <string>

namespace sluice {

struct TokenOptionsGiven {
  std::string action;
  std::string name;
  std::string scope;
  std::string expires;  ///< empty: never
};

}  // namespace sluice
