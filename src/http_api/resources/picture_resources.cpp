// SPDX-License-Identifier: MIT
#include <cstdint>
#include <vector>

#include "http_api/entity_tag.hpp"
#include "http_api/resources/chunk_map.hpp"
#include "http_api/resources/page_answer.hpp"
#include "http_api/resources/query_reader.hpp"
#include "http_api/resources/resource.hpp"
#include "http_api/resources/run_activity.hpp"

namespace sluice {
namespace {

constexpr std::int64_t buckets_most = 600;
constexpr std::int64_t buckets_unless_said = 120;

Result<ApiAnswer> show_chunk_map(StoreReader& store, const ApiRequest& request, UtcTime /*now*/) {
  QueryReader query{request};
  const bool with_detail = query.truth("detail").value_or(false);
  if (query.problem()) return *query.problem();
  const Result<RunRecord> run = run_in_path(store, request);
  if (run.has_error()) return run.error();
  ChunkMap map;
  const Result<void> read =
      store.pages().for_each_leaf(run->id, [&map](const LeafChunk& chunk) { map.add(chunk); });
  if (read.has_error()) return read.error();
  return unless_known(request, json_answer(chunk_map_json(run->id, map, with_detail)));
}

Result<ApiAnswer> show_activity(StoreReader& store, const ApiRequest& request, UtcTime now) {
  QueryReader query{request};
  const auto buckets =
      static_cast<std::size_t>(query.number("buckets", 1, buckets_most).value_or(buckets_unless_said));
  if (query.problem()) return *query.problem();
  const Result<RunRecord> run = run_in_path(store, request);
  if (run.has_error()) return run.error();
  std::vector<SentRequest> sends;
  const Result<void> sent =
      store.pages().for_each_send(run->id, [&sends](const SentRequest& send) { sends.push_back(send); });
  if (sent.has_error()) return sent.error();
  std::vector<ChunkOutcome> outcomes;
  const Result<void> settled = store.pages().for_each_chunk_outcome(
      run->id, [&outcomes](const ChunkOutcome& outcome) { outcomes.push_back(outcome); });
  if (settled.has_error()) return settled.error();
  return json_answer(activity_json(activity_of(sends, outcomes, run->finished_at.value_or(now), buckets)));
}

}  // namespace

std::vector<Resource> picture_resources() {
  return {{"/api/v1/runs/{run}/chunk-map", "getChunkMap", {"detail"}, show_chunk_map},
          {"/api/v1/runs/{run}/activity", "getActivity", {"buckets"}, show_activity}};
}

}  // namespace sluice
