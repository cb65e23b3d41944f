// SPDX-License-Identifier: MIT
// What counts and control say about a run: its status, and the exit code of a command that waited for it.
#pragma once

#include "sluice/core/run.hpp"

namespace sluice {

RunStatus status_of(const RunRecord& run);
bool is_finished(const RunRecord& run);

}  // namespace sluice
