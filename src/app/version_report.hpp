// SPDX-License-Identifier: MIT
// Which versions are at work: ours and those of the libraries that a report of a problem needs to name.
#pragma once

#include <string>

namespace sluice {

std::string version_line();  ///< "sluice 0.1.0"
std::string version_text();  ///< several lines
std::string version_json();

}  // namespace sluice
