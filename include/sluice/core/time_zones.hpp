// SPDX-License-Identifier: MIT
// The time zones that this machine knows, by their IANA names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// Whether it is one of the names, letter by letter.
bool is_known_zone(std::string_view name);

/// In the order of the alphabet; empty if the machine has no time zone database. Without "localtime", which
/// is another zone on another machine.
std::vector<std::string> zone_names();

}  // namespace sluice
