// SPDX-License-Identifier: MIT
// What stands in the folder of job files now: each file read, checked, and ready to be queued. Blocking.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "app/config.hpp"
#include "app/prepared_job.hpp"
#include "app/settings.hpp"
#include "sluice/core/job_file_rules.hpp"
#include "sluice/core/result.hpp"
#include "sluice/core/time.hpp"

namespace sluice {

/// How long a file must have been left alone: one that is written in place is empty, or half there,
/// meanwhile.
inline constexpr std::chrono::milliseconds calm_time{200};

struct FolderFile {
  std::string name;
  bool is_being_written = false;  ///< a moment ago it was; then nothing else of it is known
  std::string text;
  UtcTime written_at;
  SeenJobFile seen;
  std::optional<PreparedJob> prepared;  ///< if it is valid
  std::string error;                    ///< if it is not
};

/// The files "*.json" that are not hidden, in the order of their names. One that leads out of the folder, or
/// that somebody may write who may not write into the folder, is not valid, and nothing of it is told.
/// Fails: there is no such folder, or anybody may write into it.
Result<std::vector<FolderFile>> read_folder(const std::string& folder, const Config& config,
                                            const Environment& environment, UtcTime now);

/// As the reader of jobs wants it for a file of the folder.
SendOptions options_for(const std::string& folder, const std::string& name);

}  // namespace sluice
