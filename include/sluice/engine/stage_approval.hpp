// SPDX-License-Identifier: MIT
// A person's word that a stage of a run may start, carried out on the record. Blocking, one transaction's
// worth.
#pragma once

#include <string>

#include "sluice/core/ids.hpp"
#include "sluice/core/result.hpp"
#include "sluice/core/time.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

struct ApprovalOrder {
  RunId run;
  std::string stage;  ///< its name; empty: the next one
  bool is_past_gate = false;
  std::string actor;
  UtcTime now;
};

struct ApprovedStage {
  RunId run;
  int number = 0;
  std::string name;
  bool is_past_gate = false;
  bool is_changed = false;  ///< false: it was approved before

  bool operator==(const ApprovedStage&) const = default;
};

/// Idempotent. Refused: as Store::approve() says, with the job's own word on whether its submitter may.
/// not_found: no such run, or no stage of that name.
Result<ApprovedStage> approve_stage(Store& store, const ApprovalOrder& order);

}  // namespace sluice
