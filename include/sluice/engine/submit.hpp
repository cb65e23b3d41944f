// SPDX-License-Identifier: MIT
// Job and device list → a sealed run in the queue. All or nothing: until the seal nobody sees the run.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "sluice/core/ids.hpp"
#include "sluice/core/job.hpp"
#include "sluice/core/result.hpp"
#include "sluice/core/time.hpp"
#include "sluice/jobfile/device_list.hpp"
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
};

struct Submitted {
  RunId run;
  std::int64_t devices = 0;
  std::int64_t duplicates = 0;
  std::int64_t chunks = 0;

  bool operator==(const Submitted&) const = default;
};

/// Streams the list into the store in slices, each one transaction. On any failure the unsealed run is
/// dropped. Fails with the list's own errors, or `refused` if the count is not the expected one.
Result<Submitted> submit(Store& store, DeviceList& devices, const SubmitRequest& request);

/// The refusal of a list that does not have the expected number of devices.
Error unexpected_device_count(std::int64_t devices, std::int64_t expected);

}  // namespace sluice
