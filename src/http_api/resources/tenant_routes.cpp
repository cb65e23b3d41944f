// SPDX-License-Identifier: MIT
#include "http_api/resources/tenant_routes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "http_api/json_time.hpp"
#include "http_api/resources/page_answer.hpp"
#include "http_api/resources/query_reader.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

namespace asio = boost::asio;
using Names = std::set<std::string>;

// What is over is not in force, and not shown: neither a silence nor a pace.
void write_tenant(JsonText& json, const TenantRow& tenant, const Names& configured, UtcTime now) {
  json.member("tenant", tenant.name).member("configured", configured.contains(tenant.name));
  json.member("paused", !tenant.paused_reason.empty());
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

Result<ApiAnswer> list_tenants(StoreReader& store, const ApiRequest& request, const Names& configured,
                               UtcTime now) {
  QueryReader query{request};
  TenantsWanted wanted;
  wanted.limit = query.limit();
  if (const auto cursor = query.cursor("tenants", 0)) wanted.after = cursor->text;
  if (query.problem()) return *query.problem();
  auto recorded = store.pages().tenants_page(wanted);
  if (recorded.has_error()) return recorded.error();
  const Page<TenantRow, std::string> page = with_configured(std::move(*recorded), configured, wanted);
  PageAnswer answer{request};
  for (const TenantRow& tenant : page.rows) {
    answer.items().begin_object();
    write_tenant(answer.items(), tenant, configured, now);
    answer.items().end_object();
  }
  return answer.finish(after_name("tenants", page.next));
}

Result<ApiAnswer> show_tenant(StoreReader& store, const ApiRequest& request, const Names& configured,
                              UtcTime now) {
  const std::string name{request.parameter("name")};
  auto tenant = store.pages().tenant(name);
  if (tenant.has_error()) return tenant.error();
  if (!*tenant && configured.contains(name)) *tenant = TenantRow{.name = name};
  if (!*tenant) {
    return Error{
        ErrorKind::not_found,
        fmt::format("no tenant {} is configured, and no run was ever made for one", printable(name, 128)),
        "See which tenants there are: GET /api/v1/tenants."};
  }
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version);
  write_tenant(json, **tenant, configured, now);
  return json_answer(json.end_object().end_document().take());
}

using Read = Result<ApiAnswer> (*)(StoreReader&, const ApiRequest&, const Names&, UtcTime);

asio::awaitable<ApiAnswer> look(ReadSide& reads, Read read, ApiRequest request, Names configured,
                                UtcTime now) {
  auto work = [&](StoreReader& store) { return read(store, request, configured, now); };
  Result<ApiAnswer> answer = co_await reads.call(std::move(work));
  if (answer.has_error()) co_return refused(answer.error());
  co_return std::move(*answer);
}

}  // namespace

Page<TenantRow, std::string> with_configured(Page<TenantRow, std::string> page,
                                             const std::set<std::string>& configured,
                                             const TenantsWanted& wanted) {
  const Names recorded = [&page] {
    Names names;
    for (const TenantRow& row : page.rows) names.insert(row.name);
    return names;
  }();
  for (const std::string& name : configured) {
    const bool is_here = (!wanted.after || name > *wanted.after) && (!page.next || name < *page.next);
    if (is_here && !recorded.contains(name)) page.rows.push_back({.name = name});
  }
  std::ranges::sort(page.rows, {}, &TenantRow::name);
  const std::size_t limit = std::clamp<std::size_t>(wanted.limit, 1, page_rows_max);
  if (page.rows.size() <= limit) return page;
  page.rows.resize(limit);
  page.next = page.rows.back().name;
  return page;
}

std::vector<Route> tenant_routes(ReadSide& reads, std::function<UtcTime()> now,
                                 ConfiguredTenants configured) {
  const auto route = [&](std::string pattern, std::string operation, std::vector<std::string> query,
                         Read read) {
    return Route{.method = "GET",
                 .pattern = std::move(pattern),
                 .scope = ApiScope::read,
                 .operation = std::move(operation),
                 .handler =
                     [&reads, read, now, configured](ApiRequest request) {
                       return look(reads, read, std::move(request), configured(), now());
                     },
                 .query = std::move(query)};
  };
  return {route("/api/v1/tenants", "listTenants", {"limit", "cursor"}, list_tenants),
          route("/api/v1/tenants/{name}", "getTenant", {}, show_tenant)};
}

}  // namespace sluice
