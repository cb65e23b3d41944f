// SPDX-License-Identifier: MIT
// The "stages" and "abort" of a job file: what comes first, what has to be true before the rest, when to
// stop.
#pragma once

#include "jobfile/object_reader.hpp"
#include "sluice/core/rollout.hpp"

namespace sluice {

/// What is wrong with either goes to the reader's findings.
Rollout read_rollout(const ObjectReader& job);

}  // namespace sluice
