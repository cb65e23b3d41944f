// SPDX-License-Identifier: MIT
#include "http_api/json_time.hpp"
#include "http_api/resources/page_answer.hpp"
#include "http_api/resources/query_reader.hpp"
#include "http_api/resources/resource.hpp"
#include "sluice/store/pages.hpp"

namespace sluice {
namespace {

Result<ApiAnswer> list_job_files(StoreReader& store, const ApiRequest& request, UtcTime /*now*/) {
  QueryReader query{request};
  JobFilesWanted wanted;
  wanted.limit = query.limit();
  if (const auto cursor = query.cursor("jobs", 0)) wanted.after = cursor->text;
  if (query.problem()) return *query.problem();
  const auto page = store.pages().job_files_page(wanted);
  if (page.has_error()) return page.error();
  PageAnswer answer{request};
  for (const JobFileRow& file : page->rows) {
    JsonText& json = answer.items().begin_object();
    json.member("job_file", file.name).member("state", file.state).member("revision", file.revision);
    json.member("digest", file.digest).member("error", file.error);
    write_time(json, "seen_at", file.seen_at);
    json.key("run");
    file.run ? json.value(file.run->value) : json.null();
    json.member("schedule", file.schedule).end_object();
  }
  return answer.finish(after_name("jobs", page->next));
}

}  // namespace

std::vector<Resource> job_file_resources() {
  return {{"/api/v1/jobs", "listJobFiles", {"limit", "cursor"}, list_job_files}};
}

}  // namespace sluice
