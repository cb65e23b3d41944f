// SPDX-License-Identifier: MIT
// Job and targets → a sealed run in the queue. All or nothing: until the seal nobody sees the run.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "sluice/core/ids.hpp"
#include "sluice/core/job.hpp"
#include "sluice/core/result.hpp"
#include "sluice/core/run.hpp"
#include "sluice/core/time.hpp"
#include "sluice/engine/survey.hpp"
#include "sluice/jobfile/target_list.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

struct SubmitRequest {
  Job job;
  std::string job_text;  ///< the job file as written: the run's snapshot
  std::string tenant;
  std::string endpoint;
  double rate = default_requests_per_second;
  UtcTime now;
  std::optional<std::chrono::microseconds> predicted = {};  ///< how long it will take
  std::optional<std::int64_t> expected_devices;             ///< refuse any other count
  std::string submitter = {};                               ///< who says so
  RunOrigin origin = {};                                    ///< if it is no person's command
};

struct Submitted {
  RunId run;
  TargetCounts counts;
  std::int64_t chunks = 0;

  bool operator==(const Submitted&) const = default;
};

/// Reads the targets once more, from their begin, into the store: in slices, each one transaction. On any
/// failure the unsealed run is dropped. Fails with the list's own errors, (refused) if the count is not the
/// expected one, and (invalid_input) if the list is not what it was when it was surveyed.
/// @param survey of the same targets and request
Result<Submitted> submit(Store& store, TargetList& targets, const SubmitRequest& request,
                         const Survey& survey);

/// Surveys the targets first.
Result<Submitted> submit(Store& store, TargetList& targets, const SubmitRequest& request);

/// The refusal of a list that does not have the expected number of devices; absent: it has, or none is
/// expected.
std::optional<Error> unexpected_device_count(const Survey& survey, std::optional<std::int64_t> expected);

}  // namespace sluice
