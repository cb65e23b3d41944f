// SPDX-License-Identifier: MIT
// The thresholds of a job file: the "gate" of a stage and the "abort" of the run.
#pragma once

#include "jobfile/object_reader.hpp"
#include "sluice/core/rollout.hpp"

namespace sluice {

/// What a stage without a "gate" gets: at most 5 % of its devices failed or in doubt.
Gate usual_gate();

Gate read_gate(const ObjectReader& stage);
StopRules read_abort(const ObjectReader& job);

}  // namespace sluice
