// SPDX-License-Identifier: MIT
// An Error as the operator sees it, on stderr, and as a script reads it.
#pragma once

#include <string>

#include "sluice/core/error_words.hpp"
#include "sluice/core/result.hpp"

namespace sluice {

/// "sluice: …" and, if there is one, the hint on a line of its own. Ends with a line end.
std::string error_text(const Error& error);

/// {"schema_version":1,"error":{"code","message","hint"}} and a line end. A message of several lines is also
/// there line by line, as "details".
std::string error_json(const Error& error);

}  // namespace sluice
