// SPDX-License-Identifier: MIT
// What an operator does about a code for which the account is paused. Words only: that it is paused was
// decided by outcome_codes.hpp.
#pragma once

#include <string_view>

namespace sluice {

/// "check the access key"; empty for a code of which nothing better is known than what it says itself.
std::string_view advice_on_block(std::string_view code);

}  // namespace sluice
