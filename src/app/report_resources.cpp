// SPDX-License-Identifier: MIT
#include "app/report_resources.hpp"

#include <fmt/format.h>

#include <optional>

#include "app/doubt_report.hpp"
#include "app/rate_proof.hpp"
#include "app/run_report.hpp"
#include "app/run_sighting.hpp"
#include "http_api/resources/page_answer.hpp"
#include "http_api/resources/query_reader.hpp"
#include "sluice/core/run_rules.hpp"
#include "sluice/store/pages.hpp"

namespace sluice {
namespace {

struct SightedRun {
  RunRecord run;
  Sighting seen;
};

Result<SightedRun> sighted(StoreReader& store, const ApiRequest& request, UtcTime now) {
  Result<RunRecord> run = run_in_path(store, request);
  if (run.has_error()) return run.error();
  const Result<void> heeded = heed_rate_order(store, *run, now);
  if (heeded.has_error()) return heeded.error();
  Result<Sighting> seen = sight_run(store, *run, now);
  if (seen.has_error()) return seen.error();
  return SightedRun{std::move(*run), std::move(*seen)};
}

Result<ApiAnswer> show_run(StoreReader& store, const ApiRequest& request, UtcTime now) {
  const Result<SightedRun> sight = sighted(store, request, now);
  if (sight.has_error()) return sight.error();
  return json_answer(status_json(sight->run, sight->seen));
}

Result<ApiAnswer> show_why(StoreReader& store, const ApiRequest& request, UtcTime now) {
  const Result<SightedRun> sight = sighted(store, request, now);
  if (sight.has_error()) return sight.error();
  return json_answer(why_json(sight->run, sight->seen));
}

Result<ApiAnswer> list_stages(StoreReader& store, const ApiRequest& request, UtcTime now) {
  const Result<SightedRun> sight = sighted(store, request, now);
  if (sight.has_error()) return sight.error();
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version).member("run", sight->run.id.value);
  write_stages(json, sight->seen.stages);
  write_stage_terms(json, sight->seen.stages);
  return json_answer(json.end_object().end_document().take());
}

// The proof over all sends of an account looks at each attempt there is. Whoever wants it says so.
Result<ApiAnswer> show_pace(StoreReader& store, const ApiRequest& request, UtcTime /*now*/) {
  QueryReader query{request};
  const bool is_of_account = query.truth("account").value_or(false);
  if (query.problem()) return *query.problem();
  const Result<RunRecord> run = run_in_path(store, request);
  if (run.has_error()) return run.error();
  const Result<SendLog> sends = store.sends_of_run(run->id);
  if (sends.has_error()) return sends.error();
  std::optional<RateProof> of_account;
  if (is_of_account) {
    const Result<SendLog> all = store.sends_of_account(run->id);
    if (all.has_error()) return all.error();
    if (all->rate > 0) of_account = prove_rate(all->sent_at, all->rate, all->unknown);
  }
  return json_answer(rate_proof_json(prove_rate(sends->sent_at, run->rate, sends->unknown),
                                     fmt::format("run {}", run->id.value), of_account));
}

Result<ApiAnswer> list_doubts(StoreReader& store, const ApiRequest& request, UtcTime /*now*/) {
  QueryReader query{request};
  DoubtsWanted wanted;
  wanted.limit = query.limit();
  if (const auto cursor = query.cursor("doubts", 1)) wanted.after = ChunkId{cursor->numbers[0]};
  if (query.problem()) return *query.problem();
  const Result<RunRecord> run = run_in_path(store, request);
  if (run.has_error()) return run.error();
  wanted.run = run->id;
  const auto page = store.pages().doubts_page(wanted);
  if (page.has_error()) return page.error();
  PageAnswer answer{request};
  for (const DoubtfulChunk& doubt : page->rows) write_doubt(answer.items(), doubt);
  std::optional<Cursor> next;
  if (page->next) next = Cursor{.list = "doubts", .numbers = {page->next->value}};
  return answer.finish(next, run->chunks.in_doubt);
}

Result<ApiAnswer> list_decisions(StoreReader& store, const ApiRequest& request, UtcTime /*now*/) {
  const Result<RunRecord> run = run_in_path(store, request);
  if (run.has_error()) return run.error();
  const auto decided = store.doubt_decisions(run->id);
  if (decided.has_error()) return decided.error();
  return json_answer(decided_json(run->id, *decided));
}

}  // namespace

std::vector<Resource> report_resources() {
  return {
      {"/api/v1/runs/{run}", "getRun", {}, show_run},
      {"/api/v1/runs/{run}/why", "getWhy", {}, show_why},
      {"/api/v1/runs/{run}/stages", "listStages", {}, list_stages},
      {"/api/v1/runs/{run}/pace", "getPace", {"account"}, show_pace},
      {"/api/v1/runs/{run}/doubts", "listDoubts", {"limit", "cursor"}, list_doubts},
      {"/api/v1/runs/{run}/decisions", "listDecisions", {}, list_decisions},
  };
}

}  // namespace sluice
