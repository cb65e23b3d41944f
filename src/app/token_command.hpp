// SPDX-License-Identifier: MIT
// `sluice token`: makes the tokens by which clients of the API are known.
#pragma once

#include "app/options.hpp"
#include "app/token_options.hpp"
#include "sluice/core/result.hpp"

namespace sluice {

/// Prints a new token, once, and the line for the tokens file, which does not give it away.
Result<int> token_command(const CommonOptions& common, const TokenOptionsGiven& given);

}  // namespace sluice
