// SPDX-License-Identifier: MIT
#include "app/prune_report.hpp"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <cstdint>
#include <exception>

#include "app/display_text.hpp"
#include "http_api/json_text.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {

namespace json = boost::json;

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

Result<std::string> prune_text(std::string_view document) {
  try {
    const json::value said = json::parse(document);
    const json::array& runs = said.at("runs").as_array();
    std::string text;
    for (const json::value& run : runs) {
      text += fmt::format("run {}  {}  {}, ended {}\n", run.at("run").as_int64(),
                          printable(run.at("job").as_string().c_str()),
                          counted(run.at("devices").as_int64(), "device"),
                          printable(run.at("ended_at").as_string().c_str(), 64));
    }
    const std::string counted_runs = counted(static_cast<std::int64_t>(runs.size()), "run");
    if (said.at("dry_run").as_bool()) return text + counted_runs + " would be taken out.\n";
    return text +
           fmt::format("{} taken out: {}.\n", counted_runs, counted(said.at("rows").as_int64(), "row"));
  } catch (const std::exception&) {
    return Error{ErrorKind::unexpected, "the daemon gave an answer that cannot be read",
                 "It may be another version of sluice: see `sluice version`."};
  }
}

std::string prune_sum(const PruneReport& report) {
  return fmt::format("{} runs, {} rows", report.runs.size(), report.rows);
}

}  // namespace sluice
