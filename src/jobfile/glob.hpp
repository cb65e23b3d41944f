// SPDX-License-Identifier: MIT
// Whether a text is of a pattern as shells write it.
#pragma once

#include <string_view>

namespace sluice {

/// * any text, ? any one character (of UTF-8, as are those in brackets), [a-z] one of these, [!a-z] or [^a-z]
/// none of these, \ takes the next character as it is. A bracket that is not closed is a character like any
/// other. The whole text must fit. Takes at most text × pattern steps, whatever they are.
bool matches_glob(std::string_view text, std::string_view pattern);

}  // namespace sluice
