// SPDX-License-Identifier: MIT
// Seam: the job files of the daemon's folder, as the record knows them. A good content of a file is a
// revision; a revision comes to one run or one schedule, and no content is submitted twice, whatever the name
// of its file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/core/ids.hpp"
#include "sluice/core/result.hpp"
#include "sluice/core/time.hpp"

namespace sluice {

enum class JobFileState {
  good,
  invalid,  ///< the last good revision stays in force
  removed,
};

struct JobFileRecord {
  std::string name;  ///< in the folder; untrusted text
  JobFileState state = JobFileState::good;
  std::int64_t revision = 0;  ///< of the last good content; 0: there was none yet
  std::string digest;         ///< SHA-256 of that content, in hexadecimal
  std::string seen_digest;    ///< of what was last seen, good or not
  UtcTime seen_at;
  std::string error;                   ///< why it is invalid
  std::optional<RunId> run;            ///< of the last good content
  std::optional<ScheduleId> schedule;  ///< the same

  bool operator==(const JobFileRecord&) const = default;
};

/// What came of a content.
struct SentContent {
  std::string file;  ///< that had it; untrusted text
  RunId run;         ///< that was made of it, pruned or not

  bool operator==(const SentContent&) const = default;
};

std::string_view to_string(JobFileState state);
std::optional<JobFileState> job_file_state_from(std::string_view word);

class JobFileReader {
 public:
  virtual ~JobFileReader() = default;

  /// In the order of their names.
  virtual Result<std::vector<JobFileRecord>> job_files() = 0;
};

class JobFiles {
 public:
  virtual ~JobFiles() = default;

  /// What is known of the file from now on. A change of state or of the error becomes an event. The run of a
  /// revision is noted when it is sealed (NewRun::origin), not here.
  virtual Result<void> note_job_file(const JobFileRecord& file) = 0;
  /// The same of a file that is good and is not sent, since its content was; the event says so.
  virtual Result<void> note_sent_before(const JobFileRecord& file, const SentContent& sent) = 0;
  /// The first run that was made of this very content, of whichever file. Absent: there is none.
  virtual Result<std::optional<SentContent>> sent_content(std::string_view digest) = 0;
  /// When an older copy of the store was last put in its place: of what was submitted by then, some may be
  /// missing here. Absent: that never happened.
  virtual Result<std::optional<UtcTime>> contents_unknown_until() = 0;
};

}  // namespace sluice
