// SPDX-License-Identifier: MIT
#include <optional>
#include <string_view>

#include "http_api/entity_tag.hpp"
#include "http_api/resources/chunk_map.hpp"
#include "http_api/resources/page_answer.hpp"
#include "http_api/resources/query_reader.hpp"
#include "http_api/resources/resource.hpp"

namespace sluice {
namespace {

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

}  // namespace

std::vector<Resource> picture_resources() {
  return {{"/api/v1/runs/{run}/chunk-map", "getChunkMap", {"detail"}, show_chunk_map}};
}

}  // namespace sluice
