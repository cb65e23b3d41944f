// SPDX-License-Identifier: MIT
// The digest that the record's checks are made of.
#pragma once

#include <string>
#include <string_view>

namespace sluice {

/// In 64 hexadecimal digits; empty if the library cannot make it.
std::string sha256_hex(std::string_view text);

}  // namespace sluice
