// SPDX-License-Identifier: MIT
// A job: what the operator wrote, as values. The reader is jobfile/job_file.hpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/core/rollout.hpp"
#include "sluice/core/schedule.hpp"
#include "sluice/core/send_window.hpp"

namespace sluice {

/// The API takes at most this many devices a call (api: InvokeThingsService, DeviceName.1 … DeviceName.100).
inline constexpr std::size_t devices_per_request_max = 100;

/// A tenant's rate unless its configuration says otherwise: the cloud's limit for one account, in requests a
/// second.
inline constexpr double default_requests_per_second = 10.0;

/// Which service is called, with which arguments.
struct Call {
  std::string product_key;
  std::string identifier;
  std::string args = "{}";  ///< a JSON object, byte for byte as the author wrote it
  std::optional<int> qos;
  std::optional<std::string> iot_instance_id;
  std::map<std::string, std::string> parameters;  ///< further request parameters, passed through as they are

  bool operator==(const Call&) const = default;
};

/// Where the devices come from: exactly one of the two.
struct Targets {
  std::vector<std::string> devices;
  std::string devices_file;  ///< as written; relative to the job file's folder
  std::string column;        ///< the column (CSV) or member (NDJSON) that holds the name; empty: "device"
  std::string where;         ///< a condition over the columns; empty: all
  std::string exclude_file;  ///< a device list whose devices are left out; as written

  bool operator==(const Targets&) const = default;
};

struct RetryPolicy {
  int max_attempts = 5;  ///< attempts that count; throttled ones are given back
  std::chrono::milliseconds base{500};
  std::chrono::milliseconds cap{60'000};
  std::chrono::milliseconds deadline{6 * 3'600'000};  ///< counted from the start of the run

  bool operator==(const RetryPolicy&) const = default;
};

/// What becomes of a chunk when nobody can say whether it was executed.
enum class OnDoubt {
  hold,     ///< it is in doubt, until an operator decides
  presume,  ///< it counts as accepted, presumed
  resend,   ///< a fresh attempt: some devices may get the command twice
};

/// What becomes of a device that an unfinished run of the same product already has.
enum class Conflict {
  fail,   ///< nothing is queued
  skip,   ///< the device is left out
  allow,  ///< it gets both commands, in whichever order
};

/// How a run's share compares to those of other runs of the same tenant.
enum class Priority { emergency, normal, bulk };

struct Job {
  std::string name;
  std::string tenant;  ///< empty: the configuration's default tenant
  Call call;
  std::optional<Call> compensate;  ///< what undoes it
  Targets targets;
  Rollout rollout;
  Conflict conflict = Conflict::fail;
  Priority priority = Priority::normal;
  std::optional<SendWindow> window;
  std::optional<std::chrono::milliseconds> deadline;  ///< from the run's start; after it nothing is sent
  std::optional<double> devices_per_minute;
  std::size_t chunk_size = devices_per_request_max;
  std::optional<double> rate;   ///< requests per second; absent: the tenant's
  bool safe_to_repeat = false;  ///< a second execution does no harm
  OnDoubt on_doubt = OnDoubt::hold;
  RetryPolicy retry;
  std::optional<Schedule> schedule;  ///< when it runs by itself; a run of it knows nothing of that

  bool operator==(const Job&) const = default;
};

std::string_view to_string(Conflict conflict);
std::optional<Conflict> conflict_from(std::string_view word);
std::string_view to_string(Priority priority);
std::optional<Priority> priority_from(std::string_view word);
std::string_view to_string(OnDoubt on_doubt);
std::optional<OnDoubt> on_doubt_from(std::string_view word);

}  // namespace sluice
