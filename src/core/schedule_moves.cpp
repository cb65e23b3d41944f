// SPDX-License-Identifier: MIT
#include "sluice/core/schedule_moves.hpp"

#include <algorithm>

namespace sluice {
namespace {

bool declares(const DeclaringFile& file, const std::string& schedule) {
  return file.is_valid && file.schedule == schedule;
}

bool keeps(const DeclaringFile& file, const std::string& schedule) {
  return !file.is_valid || declares(file, schedule);
}

}  // namespace

std::vector<MovedSchedule> schedules_to_move(const std::vector<FolderSchedule>& schedules,
                                             const std::vector<DeclaringFile>& files) {
  std::vector<MovedSchedule> moved;
  for (const FolderSchedule& schedule : schedules) {
    if (schedule.file.empty()) continue;
    const auto before = std::ranges::find(files, schedule.file, &DeclaringFile::name);
    if (before != files.end() && keeps(*before, schedule.name)) continue;
    const auto now =
        std::ranges::find_if(files, [&](const DeclaringFile& file) { return declares(file, schedule.name); });
    if (now != files.end()) moved.push_back({schedule.name, now->name});
  }
  return moved;
}

}  // namespace sluice
