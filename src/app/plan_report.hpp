// SPDX-License-Identifier: MIT
// What a run would do, before it does anything: the numbers of `plan`, and how they are shown.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/run_forecast.hpp"
#include "sluice/core/job.hpp"
#include "sluice/jobfile/target_list.hpp"

namespace sluice {

struct Plan {
  std::string job_name;
  std::string tenant;
  std::string endpoint;
  std::int64_t devices = 0;
  std::int64_t duplicates = 0;  ///< left out of the devices
  TargetCounts left_out;        ///< what else is, by its reason
  std::int64_t groups = 1;      ///< of devices that are sent the same arguments
  std::int64_t chunks = 0;      ///< each is one request, if nothing goes wrong
  std::int64_t chunk_size = 0;
  std::int64_t largest_request_bytes = 0;
  double rate = 0;
  double account_limit = 0;
  int in_flight = 0;
  bool safe_to_repeat = false;
  OnDoubt on_doubt = OnDoubt::hold;
  std::vector<std::string> stops;  ///< what stops the run by itself, as sentences; untrusted
  std::string digest;
  RunForecast forecast;
  std::string next_command;  ///< the command that would do it
};

/// Devices that can still be reached after the decision to stop: those in requests on their way.
std::int64_t worst_case_overshoot(const Plan& plan);

std::string plan_text(const Plan& plan);
/// One object and a line end.
std::string plan_json(const Plan& plan);

}  // namespace sluice
