// SPDX-License-Identifier: MIT
#include "app/keep_routes.hpp"

#include <array>
#include <chrono>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "app/audit_report.hpp"
#include "app/daemon.hpp"
#include "app/prune_report.hpp"
#include "app/system_now.hpp"
#include "http_api/body_reader.hpp"
#include "http_api/resources/query_reader.hpp"
#include "store/audit_chain.hpp"

namespace sluice {
namespace {

namespace asio = boost::asio;

constexpr std::array<std::string_view, 2> prune_names{"dry_run", "older_than"};

struct AuditPage {
  std::string rows;  ///< JSON, with commas between
  std::int64_t last = 0;
  bool is_more = false;
};

Result<AuditPage> read_page(StoreReader& reader, std::int64_t after, std::size_t limit) {
  AuditPage page;
  std::size_t count = 0;
  const Result<void> read = reader.audit_reader().for_each_audit_row(after, [&](const AuditRow& row) {
    page.is_more = count == limit;
    if (page.is_more) return false;
    std::string json = audit_row_json(row);
    json.pop_back();
    if (count > 0) page.rows += ',';
    page.rows += json;
    page.last = row.id;
    ++count;
    return true;
  });
  if (read.has_error()) return read.error();
  return page;
}

asio::awaitable<ApiAnswer> show_audit(ReadSide& reads, ApiRequest request) {
  QueryReader query{request};
  const std::size_t limit = query.limit();
  const std::int64_t after = query.number("after", 0, std::numeric_limits<std::int64_t>::max()).value_or(0);
  if (query.problem()) co_return refused(*query.problem());
  auto read = [after, limit](StoreReader& reader) { return read_page(reader, after, limit); };
  const Result<AuditPage> page = co_await reads.call(std::move(read));
  if (page.has_error()) co_return refused(page.error());
  const std::string next = page->is_more ? std::to_string(page->last) : "null";
  co_return ApiAnswer{.body = R"({"schema_version":1,"rows":[)" + page->rows + R"(],"next":)" + next + "}\n"};
}

Result<AuditHead> verify(StoreReader& reader, std::optional<AuditHead> kept) {
  AuditCheck check{std::move(kept)};
  const Result<void> read = reader.audit_reader().for_each_audit_row(
      before_every_row, [&](const AuditRow& row) { return check.take(row); });
  if (read.has_error()) return read.error();
  if (const std::optional<std::string> fault = check.fault()) {
    return Error{ErrorKind::refused, "the audit has been tampered with: " + *fault,
                 "Compare it with a backup or an export that was kept elsewhere."};
  }
  return check.head();
}

asio::awaitable<ApiAnswer> verify_audit(ReadSide& reads, ApiRequest request) {
  QueryReader query{request};
  const std::optional<AuditHead> kept = query.word(
      "head", [](std::string_view text) { return audit_head_from(text); }, "NUMBER:HASH, as it was shown");
  if (query.problem()) co_return refused(*query.problem());
  auto read = [kept](StoreReader& reader) { return verify(reader, kept); };
  const Result<AuditHead> head = co_await reads.call(std::move(read));
  if (head.has_error()) co_return refused(head.error());
  co_return ApiAnswer{.body = audit_verified_json(*head)};
}

Result<PruneReport> prune_now(Store& store, const KeepRules& rules, bool is_dry_run,
                              const ApiClient& client) {
  const UtcTime now = system_now();
  if (is_dry_run) {
    Result<std::vector<PrunableRun>> runs = runs_to_prune(store, rules, now);
    if (runs.has_error()) return runs.error();
    return PruneReport{.runs = std::move(*runs)};
  }
  Result<PruneReport> report = prune(store, rules, now, [] { return true; });
  if (report.has_error() || report->rows == 0) return report;
  const Result<void> noted = store.audit_log().append({.at = now,
                                                       .actor = client.name,
                                                       .origin = client.origin,
                                                       .action = "runs_pruned",
                                                       .after = prune_sum(*report)});
  if (noted.has_error()) return noted.error();
  return report;
}

struct PostedPrune {
  bool is_dry_run = false;
  std::optional<std::chrono::milliseconds> older_than;  ///< instead of what the configuration says
};

PostedPrune read_prune(const ObjectReader& reader) {
  return {reader.boolean("dry_run").value_or(false), reader.duration("older_than")};
}

asio::awaitable<ApiAnswer> prune_store(Daemon& daemon, ApiRequest request) {
  const Result<PostedPrune> posted = read_body(request, {prune_names, {}}, read_prune);
  if (posted.has_error()) co_return refused(posted.error());
  KeepRules rules = daemon.config()->keep;
  if (posted->older_than)
    rules.runs_for = std::chrono::duration_cast<std::chrono::seconds>(*posted->older_than);
  auto work = [dry = posted->is_dry_run, rules, client = request.client](Store& store) {
    return prune_now(store, rules, dry, client);
  };
  const Result<PruneReport> report = co_await daemon.on_worker(std::move(work));
  if (report.has_error()) co_return refused(report.error());
  if (report->rows > 0) daemon.metrics().rows_pruned("all", report->rows);
  co_return ApiAnswer{.body = prune_json(*report, posted->is_dry_run)};
}

}  // namespace

std::vector<Route> keep_routes(Daemon& daemon, ReadSide& reads) {
  return {{.method = "GET",
           .pattern = "/api/v1/audit",
           .scope = ApiScope::read,
           .operation = "listAudit",
           .handler = [&reads](ApiRequest request) { return show_audit(reads, std::move(request)); },
           .query = {"after", "limit"}},
          {.method = "GET",
           .pattern = "/api/v1/audit:verify",
           .scope = ApiScope::read,
           .operation = "verifyAudit",
           .handler = [&reads](ApiRequest request) { return verify_audit(reads, std::move(request)); },
           .query = {"head"}},
          {.method = "POST",
           .pattern = "/api/v1/store:prune",
           .scope = ApiScope::admin,
           .operation = "pruneStore",
           .handler = [&daemon](ApiRequest request) { return prune_store(daemon, std::move(request)); },
           .body = ApiBody::json}};
}

}  // namespace sluice
