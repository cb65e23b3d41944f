// SPDX-License-Identifier: MIT
// What a device may be called. Source: the platform's BatchImportDevice page.
#pragma once

#include <string>
#include <string_view>

namespace sluice {

/// 4 to 32 characters out of letters, digits and - _ @ . :
bool is_valid_device_name(std::string_view name);

/// Untrusted text made harmless for a terminal and for one line of a log: control characters, invalid UTF-8,
/// bidi marks and line separators become \xNN or \u{NNNN}; cut to `bytes_max` with "…".
std::string printable(std::string_view text, std::size_t bytes_max = 1024);

}  // namespace sluice
