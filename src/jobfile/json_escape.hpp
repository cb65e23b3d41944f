// SPDX-License-Identifier: MIT
// Text made fit for the inside of a JSON string.
#pragma once

#include <string>
#include <string_view>

namespace sluice {

/// Appends valid UTF-8 with what JSON asks to have escaped (quotes, backslashes, controls); everything else
/// stays as it is, because a device compares bytes.
void append_json_escaped(std::string& into, std::string_view text);

/// The same in double quotes.
std::string json_string(std::string_view text);

}  // namespace sluice
