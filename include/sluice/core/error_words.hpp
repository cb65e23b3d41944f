// SPDX-License-Identifier: MIT
// The words for kinds of trouble in machine output: "not_found", "refused" …
#pragma once

#include <string_view>

#include "sluice/core/result.hpp"

namespace sluice {

/// The error's code. `storage_lost` is `storage` to whoever reads it.
std::string_view to_string(ErrorKind kind);
/// `unexpected` for a word that is none.
ErrorKind error_kind_from(std::string_view word);

}  // namespace sluice
