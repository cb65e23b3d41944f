// SPDX-License-Identifier: MIT
#include "app/log_config.hpp"

#include <array>
#include <string_view>

#include "jobfile/object_reader.hpp"

namespace sluice {
namespace {

constexpr std::array<std::string_view, 2> names{"format", "level"};
constexpr ObjectKeys keys{names, {}};

bool is_format(std::string_view word) { return word == "auto" || word == "logfmt" || word == "json"; }
bool is_level(std::string_view word) { return log_level_from(word).has_value(); }

LogFormat format_from(std::string_view word) {
  if (word == "logfmt") return LogFormat::logfmt;
  return word == "json" ? LogFormat::json : LogFormat::fitting;
}

}  // namespace

LogConfig read_log_config(const JsonValue& section, const std::string& path, Findings& findings) {
  const ObjectReader reader(section, path, keys, findings);
  LogConfig config;
  const auto format = reader.text("format", is_format, "\"auto\", \"logfmt\" or \"json\"");
  if (format) config.format = format_from(*format);
  const auto level = reader.text("level", is_level, "\"debug\", \"info\", \"warning\" or \"error\"");
  if (level) config.level = *log_level_from(*level);
  return config;
}

}  // namespace sluice
