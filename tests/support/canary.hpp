// SPDX-License-Identifier: MIT
// A secret that must not get out, in each of the ways that it could be written.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::tests {

std::string in_hex(std::string_view text, bool upper);
std::string in_url(std::string_view text);
std::string in_base64(std::string_view text);

/// The secret's spellings. A part of it is as bad, so the beginning alone is looked for where it reads the
/// same.
std::vector<std::string> spellings_of(std::string_view text);

}  // namespace sluice::tests
