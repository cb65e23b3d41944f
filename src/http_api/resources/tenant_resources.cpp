// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "http_api/json_time.hpp"
#include "http_api/resources/page_answer.hpp"
#include "http_api/resources/query_reader.hpp"
#include "http_api/resources/resource.hpp"
#include "sluice/jobfile/device_name.hpp"
#include "sluice/store/pages.hpp"

namespace sluice {
namespace {

// What is over is not in force, and not shown: neither a silence nor a pace.
void write_tenant(JsonText& json, const TenantRow& tenant, UtcTime now) {
  json.member("tenant", tenant.name).member("paused", !tenant.paused_reason.empty());
  json.member("pause_reason", tenant.paused_reason);
  write_time(json, "silent_until",
             tenant.silent_until > now ? std::optional{tenant.silent_until} : std::nullopt);
  json.member("unfinished_runs", tenant.unfinished_runs);
  json.member("unfinished_devices", tenant.unfinished_devices);
  json.member("failed_devices", tenant.failed_devices).key("ordered_rate");
  if (!tenant.ordered || tenant.ordered->until <= now) {
    json.null();
    return;
  }
  json.begin_object().member("rate", tenant.ordered->rate);
  write_time(json, "until", tenant.ordered->until);
  json.member("actor", tenant.ordered->actor).end_object();
}

/// A cursor of a list that goes by name.
std::optional<Cursor> after_name(const std::string& list, const std::optional<std::string>& name) {
  if (!name) return std::nullopt;
  return Cursor{.list = list, .numbers = {}, .text = *name};
}

Result<ApiAnswer> list_tenants(StoreReader& store, const ApiRequest& request, UtcTime now) {
  QueryReader query{request};
  TenantsWanted wanted;
  wanted.limit = query.limit();
  if (const auto cursor = query.cursor("tenants", 0)) wanted.after = cursor->text;
  if (query.problem()) return *query.problem();
  const auto page = store.pages().tenants_page(wanted);
  if (page.has_error()) return page.error();
  PageAnswer answer{request};
  for (const TenantRow& tenant : page->rows) {
    answer.items().begin_object();
    write_tenant(answer.items(), tenant, now);
    answer.items().end_object();
  }
  return answer.finish(after_name("tenants", page->next));
}

Result<ApiAnswer> show_tenant(StoreReader& store, const ApiRequest& request, UtcTime now) {
  const std::string name{request.parameter("name")};
  const auto tenant = store.pages().tenant(name);
  if (tenant.has_error()) return tenant.error();
  if (!*tenant) {
    return Error{ErrorKind::not_found,
                 fmt::format("no run was ever made for a tenant {}", printable(name, 128)),
                 "See which tenants there are: GET /api/v1/tenants."};
  }
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version);
  write_tenant(json, **tenant, now);
  return json_answer(json.end_object().end_document().take());
}

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

std::vector<Resource> tenant_resources() {
  return {
      {"/api/v1/tenants", "listTenants", {"limit", "cursor"}, list_tenants},
      {"/api/v1/tenants/{name}", "getTenant", {}, show_tenant},
      {"/api/v1/jobs", "listJobFiles", {"limit", "cursor"}, list_job_files},
  };
}

}  // namespace sluice
