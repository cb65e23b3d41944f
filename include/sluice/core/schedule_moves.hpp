// SPDX-License-Identifier: MIT
// Which schedules of the daemon's folder have another file now: one was renamed, or two were exchanged. A
// schedule is known by its name, so it moves with its history, and none of its ticks is lost. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace sluice {

/// On record.
struct FolderSchedule {
  std::string name;
  std::string file;  ///< empty: added by command, and nobody's to move
};

/// A file that stands in the folder now.
struct DeclaringFile {
  std::string name;
  bool is_valid = false;                ///< else nobody can tell what it declares
  std::optional<std::string> schedule;  ///< the name of the one that it declares
};

struct MovedSchedule {
  std::string name;
  std::string file;  ///< its new one

  bool operator==(const MovedSchedule&) const = default;
};

/// Those whose file is gone or declares it no more, and that another file declares: the first that does. A
/// file that is not valid keeps the schedule that it made.
std::vector<MovedSchedule> schedules_to_move(const std::vector<FolderSchedule>& schedules,
                                             const std::vector<DeclaringFile>& files);

}  // namespace sluice
