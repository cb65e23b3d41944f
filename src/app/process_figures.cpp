// SPDX-License-Identifier: MIT
#include "app/process_figures.hpp"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace sluice {
namespace {

std::string content_of(const char* file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

// The fields after the program's name, which is in brackets and may itself hold blanks and brackets. The
// first of them is the state, field 3 of proc(5).
std::vector<std::string> stat_fields() {
  const std::string stat = content_of("/proc/self/stat");
  const std::size_t name_end = stat.rfind(')');
  if (name_end == stat.npos) return {};
  std::istringstream rest{stat.substr(name_end + 1)};
  return {std::istream_iterator<std::string>{rest}, {}};
}

double number_of(const std::string& text) { return std::strtod(text.c_str(), nullptr); }

std::optional<double> boot_time() {
  std::istringstream stat{content_of("/proc/stat")};
  for (std::string line; std::getline(stat, line);) {
    if (line.starts_with("btime ")) return number_of(line.substr(6));
  }
  return std::nullopt;
}

std::optional<std::int64_t> open_descriptors() {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder{opendir("/proc/self/fd"), closedir};
  if (!folder) return std::nullopt;
  std::int64_t count = 0;
  while (readdir(folder.get()) != nullptr) ++count;
  return count - 3;  // without . and .. and the folder itself
}

}  // namespace

ProcessFigures read_process_figures() {
  ProcessFigures figures;
  figures.open_descriptors = open_descriptors();
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    figures.descriptors_max = static_cast<std::int64_t>(limit.rlim_cur);
  }
  constexpr std::size_t user_time = 14 - 3, system_time = 15 - 3, start_time = 22 - 3, size = 23 - 3,
                        pages = 24 - 3;
  const std::vector<std::string> fields = stat_fields();
  if (fields.size() <= pages) return figures;
  const auto ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  figures.cpu_seconds = (number_of(fields[user_time]) + number_of(fields[system_time])) / ticks_per_second;
  figures.virtual_bytes = static_cast<std::int64_t>(number_of(fields[size]));
  figures.resident_bytes = static_cast<std::int64_t>(number_of(fields[pages])) * sysconf(_SC_PAGESIZE);
  if (const std::optional<double> booted = boot_time()) {
    figures.started_at = *booted + number_of(fields[start_time]) / ticks_per_second;
  }
  return figures;
}

}  // namespace sluice
