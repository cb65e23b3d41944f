// SPDX-License-Identifier: MIT
// What becomes of a job file in the daemon's folder. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sluice {

/// What the record knows of the file.
struct KnownJobFile {
  std::int64_t revision = 0;  ///< of the last good content; 0: there was none yet
  std::string digest;         ///< of that content
  bool is_good = false;       ///< what was last seen of it; else it was invalid, or gone
  bool is_removed = false;
  bool has_schedule = false;  ///< its last good revision is a schedule in force
  bool has_run = false;       ///< its last good revision came to a run
};

/// What stands in the folder now.
struct SeenJobFile {
  std::string digest;
  bool is_valid = false;
  bool has_schedule = false;  ///< the job has a schedule block
};

enum class JobFileStep {
  nothing,
  refuse,            ///< it is invalid: note why; what its last good revision made goes on
  submit,            ///< a new revision, which is submitted once
  accept_submitted,  ///< a content that came to a run before: it is good, and that is all
  install,           ///< a new revision, which becomes the file's schedule
  retire,            ///< it is gone, and with it its schedule; a run goes on
};

struct JobFileDecision {
  JobFileStep step = JobFileStep::nothing;
  bool retires_schedule = false;  ///< the file had a schedule and has none any more

  bool operator==(const JobFileDecision&) const = default;
};

/// @param seen absent: the file is gone
/// @param was_submitted this very content has come to a run before, under whatever name
JobFileDecision decide_job_file(const std::optional<KnownJobFile>& known,
                                const std::optional<SeenJobFile>& seen, bool was_submitted);

}  // namespace sluice
