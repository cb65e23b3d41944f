// SPDX-License-Identifier: MIT
// The "params" of a job file.
#pragma once

#include "jobfile/findings.hpp"
#include "sluice/jobfile/json_document.hpp"
#include "sluice/jobfile/parameter.hpp"

namespace sluice {

/// @param root the document's; what is wrong with its "params" goes to `findings`
DeclaredParameters read_params(const JsonValue& root, Findings& findings);

}  // namespace sluice
