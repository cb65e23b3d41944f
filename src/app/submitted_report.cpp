// SPDX-License-Identifier: MIT
#include "app/submitted_report.hpp"

#include "app/left_out.hpp"
#include "http_api/json_text.hpp"

namespace sluice {

std::string submitted_json(const Submitted& submitted) {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version).member("run", submitted.run.value);
  json.member("devices", submitted.counts.devices);
  add_left_out(json, submitted.counts);
  json.member("chunks", submitted.chunks).end_object().end_document();
  return json.take();
}

std::string queued_again_json(RunId run, const AgainSurvey& survey) {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version).member("run", run.value);
  json.member("parent", survey.parent.id.value).member("devices", survey.total());
  return json.end_object().end_document().take();
}

std::string made_run_json(const RunRecord& run) {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version).member("run", run.id.value);
  if (run.parent) json.member("parent", run.parent->value);
  json.member("devices", total(run.devices));
  // Each split has put two chunks in the place of one.
  if (!run.parent)
    json.member("duplicates", run.duplicates).member("chunks", total(run.chunks) - run.chunks.split);
  return json.end_object().end_document().take();
}

}  // namespace sluice
