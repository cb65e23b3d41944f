// SPDX-License-Identifier: MIT
// A run: one execution of a job. Its status is derived from counts and control, and stored nowhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/core/ids.hpp"
#include "sluice/core/time.hpp"

namespace sluice {

/// What an operator or a rule has said about the run.
enum class RunControl { active, paused, canceled };

/// Why a run is paused or canceled.
enum class ControlCause {
  none,  ///< it is active, or the reason is from before causes were recorded
  operator_order,
  outcome,  ///< of a request: the job or the account is at fault
  deadline,
  threshold,  ///< more went wrong than the job tolerates
  gate,       ///< a stage came to its end, and the next one may not start
};

/// What a run is for.
enum class RunPurpose {
  run,
  retry,  ///< sends again what did not come about in its parent
  undo,   ///< sends the compensating call to what did, or may have
};

enum class RunStatus {
  pending,
  running,
  paused,
  succeeded,
  completed_with_failures,
  finished_in_doubt,
  canceled
};

/// One number for each state. `succeeded` chunks count by their evidence: accepted means confirmed.
struct StateCounts {
  std::int64_t pending = 0;
  std::int64_t in_flight = 0;
  std::int64_t accepted = 0;
  std::int64_t presumed = 0;
  std::int64_t failed = 0;
  std::int64_t in_doubt = 0;
  std::int64_t canceled = 0;
  std::int64_t split = 0;  ///< chunks only: a split chunk's devices live on in its children

  bool operator==(const StateCounts&) const = default;
};

std::int64_t unfinished(const StateCounts& counts);
/// Sum over all states but split: the devices of a run, or its leaf chunks.
std::int64_t total(const StateCounts& counts);

/// What made a run, if not a command.
struct RunOrigin {
  std::optional<TickId> tick;     ///< of a schedule
  std::string job_file;           ///< of the daemon's folder; empty: none
  std::int64_t job_revision = 0;  ///< of that file

  bool operator==(const RunOrigin&) const = default;
};

struct RunRecord {
  RunId id;
  std::string job_name;
  std::string tenant;
  std::string endpoint;
  double rate = 0;  ///< requests per second
  std::int64_t duplicates = 0;
  RunControl control = RunControl::active;
  ControlCause control_cause = ControlCause::none;
  std::string control_reason;       ///< untrusted text: it may be the API's own words
  std::string tenant_pause_reason;  ///< not empty: the tenant is paused; untrusted text
  UtcTime tenant_silent_until;      ///< the server has asked for silence until then
  StateCounts devices;
  StateCounts chunks;
  std::int64_t requests = 0;  ///< requests that went to the wire, replays included
  std::int64_t throttled = 0;
  UtcTime created_at;
  std::optional<UtcTime> started_at;                   ///< first claim
  std::optional<UtcTime> finished_at;                  ///< when the last chunk became final
  int stage = 1;                                       ///< the newest that may be sent; 0: not even the first
  std::string submitter;                               ///< the operating system's name for the user
  std::string digest;                                  ///< of the plan that was submitted
  std::optional<std::chrono::microseconds> predicted;  ///< how long the plan said it takes
  RunPurpose purpose = RunPurpose::run;
  std::optional<RunId> parent;  ///< the run whose devices it takes up
  RunOrigin origin;
};

std::string_view to_string(RunControl control);
std::optional<RunControl> run_control_from(std::string_view word);
std::string_view to_string(ControlCause cause);
std::optional<ControlCause> control_cause_from(std::string_view word);
std::string_view to_string(RunPurpose purpose);
std::optional<RunPurpose> run_purpose_from(std::string_view word);
std::string_view to_string(RunStatus status);

}  // namespace sluice
