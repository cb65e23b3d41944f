// SPDX-License-Identifier: MIT
// The settings that are in force as the process began with them, whatever the configuration says when it is
// read anew.
#pragma once

#include <string>
#include <vector>

#include "app/config.hpp"

namespace sluice {

/// Which of them the two have differently, by their names in the configuration: they wait for the next start.
std::vector<std::string> settings_for_next_start(const Config& began_with, const Config& renewed);

}  // namespace sluice
