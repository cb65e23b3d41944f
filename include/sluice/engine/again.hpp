// SPDX-License-Identifier: MIT
// A run over devices of another run: those that it did not reach, once more, or those that it reached, with
// the call that undoes it. The devices come from the record, so it works after any end, a kill included.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sluice/core/ids.hpp"
#include "sluice/core/job.hpp"
#include "sluice/core/result.hpp"
#include "sluice/core/run.hpp"
#include "sluice/core/time.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

/// Which devices of the parent are taken.
struct AgainSelection {
  bool failed = false;
  bool not_sent = false;  ///< pending or canceled: nothing has reached the cloud
  bool in_doubt = false;
  bool accepted = false;  ///< confirmed or presumed
  /// Of those, only these; empty: all of them.
  std::function<bool(const DeviceResult&)> where;
};

struct AgainRequest {
  RunId parent;
  RunPurpose purpose = RunPurpose::retry;
  AgainSelection selection;
  UtcTime now;
  std::string submitter;
};

/// Devices that share their arguments.
struct AgainGroup {
  std::optional<ArgumentsId> arguments;  ///< of the parent; absent: the job's own
  std::string names;                     ///< each followed by '\n', in the order of the parent
  std::int64_t devices = 0;

  bool operator==(const AgainGroup&) const = default;
};

/// What the run would consist of.
struct AgainSurvey {
  RunRecord parent;
  Job job;  ///< of the new run: an undo's call is the compensating one, and it has no stages
  std::vector<AgainGroup> groups;
  std::map<ChunkState, std::int64_t> devices;  ///< by the state they had in the parent
  std::vector<NewStage> stages;                ///< empty: everything at once
  std::int64_t taken_before = 0;  ///< devices left out: an earlier run of this kind has them already
  std::optional<RunId> taken_by;  ///< the newest such run
  /// Pending devices of the parent go over to the new run, so the parent is closed.
  bool closes_parent = false;

  std::int64_t total() const;
};

/// Fails: not_found: no such run; refused: nothing is selected that no earlier retry (or undo) of the run has
/// taken, a device that another unfinished run has, an undo without a compensating call or of a run that may
/// still send, an undo of an undo.
Result<AgainSurvey> survey_again(StoreReader& store, const AgainRequest& request);

/// Queues it, and closes the parent if it has to be: in one transaction with the seal.
Result<RunId> submit_again(Store& store, const AgainRequest& request, const AgainSurvey& survey);

}  // namespace sluice
