// SPDX-License-Identifier: MIT
#include "app/scheduled_text.hpp"

#include "http_api/json_text.hpp"
#include "sluice/jobfile/json_document.hpp"

namespace sluice {

std::string with_schedule(const std::string& job_text, std::string_view cron, std::string_view zone) {
  const auto document = JsonDocument::parse("job", job_text);
  if (document.has_error()) return job_text;
  JsonText schedule;
  schedule.begin_object().member("cron", cron);
  if (!zone.empty()) schedule.member("zone", zone);
  schedule.end_object();
  // A comma may stand before the closing brace, so that the object may be empty otherwise.
  std::string text = job_text;
  text.insert(document->root().begin + 1, "\"schedule\": " + schedule.text() + ", ");
  return text;
}

}  // namespace sluice
