// SPDX-License-Identifier: MIT
// Numbers that a person has given, by an option or by an environment variable: either the number, or an error
// that names where it came from and what was expected.
#pragma once

#include <cstdint>
#include <string_view>

#include "sluice/core/result.hpp"

namespace sluice {

/// @param source with the text itself: "--rate fast", "SLUICE_RATE=fast"
Result<double> number_between(std::string_view source, std::string_view text, double least, double most);
Result<std::int64_t> whole_number_between(std::string_view source, std::string_view text, std::int64_t least,
                                          std::int64_t most);

}  // namespace sluice
