// SPDX-License-Identifier: MIT
// The command line that does what was asked, with every option that it was asked with.
#pragma once

#include <string>
#include <string_view>

#include "app/options.hpp"

namespace sluice {

/// "sluice run job.json --devices …". @param verb run or submit
std::string send_command_text(std::string_view verb, const CommonOptions& common, const SendOptions& send);

}  // namespace sluice
