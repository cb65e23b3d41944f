// SPDX-License-Identifier: MIT
// What became of a submit, in words and as JSON.
#pragma once

#include <string>

#include "sluice/core/run.hpp"
#include "sluice/engine/again.hpp"
#include "sluice/engine/submit.hpp"

namespace sluice {

/// {"schema_version","run","devices",…,"chunks"} and a line end.
std::string submitted_json(const Submitted& submitted);

/// {"schema_version","run","parent","devices"} and a line end.
std::string queued_again_json(RunId run, const AgainSurvey& survey);

/// Either of them, of what is on record of the run.
std::string made_run_json(const RunRecord& run);

}  // namespace sluice
