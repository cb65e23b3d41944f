// SPDX-License-Identifier: MIT
// Which versions are at work: ours and those of the libraries that a report of a problem needs to name.
#pragma once

#include <string>

namespace sluice {

std::string version_line();  ///< "sluice 0.1.0"
std::string version_text();
/// "sluice 0.1.0, SQLite 3.40.1, OpenSSL 3.0.17, Boost 1.81.0"
std::string versions_line();  ///< several lines
std::string version_json();

}  // namespace sluice
