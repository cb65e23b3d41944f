// SPDX-License-Identifier: MIT
#include "app/prune_report.hpp"

#include <fmt/format.h>

#include "app/display_text.hpp"
#include "http_api/json_text.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {

std::string prune_text(const PruneReport& report, bool is_dry_run) {
  std::string text;
  for (const PrunableRun& run : report.runs) {
    text += fmt::format("run {}  {}  {}, ended {}\n", run.run.value, printable(run.job_name),
                        counted(run.devices, "device"), to_rfc3339(run.ended_at));
  }
  const std::string runs = counted(static_cast<std::int64_t>(report.runs.size()), "run");
  return text + (is_dry_run ? fmt::format("{} would be taken out.\n", runs)
                            : fmt::format("{} taken out: {}.\n", runs, counted(report.rows, "row")));
}

std::string prune_json(const PruneReport& report, bool is_dry_run) {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version).member("dry_run", is_dry_run);
  json.member("rows", report.rows).key("runs").begin_array();
  for (const PrunableRun& run : report.runs) {
    json.begin_object().member("run", run.run.value).member("job", run.job_name).member("tenant", run.tenant);
    json.member("devices", run.devices).member("ended_at", to_rfc3339(run.ended_at)).end_object();
  }
  json.end_array().end_object().end_document();
  return json.take();
}

std::string prune_sum(const PruneReport& report) {
  return fmt::format("{} runs, {} rows", report.runs.size(), report.rows);
}

}  // namespace sluice
