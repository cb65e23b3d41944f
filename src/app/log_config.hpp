// SPDX-License-Identifier: MIT
// The section "log" of the configuration.
#pragma once

#include <string>

#include "app/log_line.hpp"
#include "jobfile/findings.hpp"
#include "sluice/jobfile/json_document.hpp"

namespace sluice {

enum class LogFormat {
  fitting,  ///< logfmt on a terminal, else JSON
  logfmt,
  json
};

struct LogConfig {
  LogFormat format = LogFormat::fitting;
  LogLevel level = LogLevel::info;  ///< events below it are not told

  bool operator==(const LogConfig&) const = default;
};

/// @param path of the section, for findings: "log"
LogConfig read_log_config(const JsonValue& section, const std::string& path, Findings& findings);

}  // namespace sluice
