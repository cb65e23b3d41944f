// SPDX-License-Identifier: MIT
// A list on standard input that is needed twice: to be looked through, and to be handed to a daemon.
#pragma once

#include <string>
#include <string_view>

#include "sluice/core/result.hpp"

namespace sluice {

/// Standard input is a copy of itself from now on, which can be read from its beginning any number of times,
/// also under the name of standard_input_file. Reads it to its end.
/// Fails (unexpected): there is no room for a copy, or what comes in cannot be read.
Result<void> keep_standard_input();

inline constexpr std::string_view standard_input_file = "/proc/self/fd/0";

/// As a device list on standard input is read: text, or if a column was named JSON lines where the first
/// character is '{', else CSV. For one that is kept.
std::string standard_input_type(bool has_column);

}  // namespace sluice
