// SPDX-License-Identifier: MIT
#include "http_api/resources/chunk_map.hpp"

#include <string_view>

#include "http_api/json_text.hpp"

namespace sluice {
namespace {

char letter_of(ChunkState state, Evidence evidence) {
  switch (state) {
    case ChunkState::pending:
      return 'p';
    case ChunkState::in_flight:
      return 'i';
    case ChunkState::succeeded:
      return evidence == Evidence::presumed ? 'u' : 'a';
    case ChunkState::failed:
      return 'f';
    case ChunkState::in_doubt:
      return 'd';
    case ChunkState::canceled:
      return 'c';
    case ChunkState::split:
      break;
  }
  return '?';
}

void add_equal(RunLengths& lengths, std::int64_t value) {
  if (!lengths.empty() && lengths.back().first == value) {
    ++lengths.back().second;
  } else {
    lengths.emplace_back(value, 1);
  }
}

void add_following(RunLengths& lengths, std::int64_t value) {
  if (!lengths.empty() && lengths.back().first + lengths.back().second == value) {
    ++lengths.back().second;
  } else {
    lengths.emplace_back(value, 1);
  }
}

void write_lengths(JsonText& json, std::string_view name, const RunLengths& lengths) {
  json.key(name).begin_array();
  for (const auto& [value, count] : lengths) json.begin_array().value(value).value(count).end_array();
  json.end_array();
}

}  // namespace

void ChunkMap::add(const LeafChunk& chunk) {
  states_ += letter_of(chunk.state, chunk.evidence);
  add_following(ids_, chunk.id.value);
  add_equal(stages_, chunk.stage);
  add_equal(devices_, chunk.devices);
}

std::string chunk_map_json(RunId run, const ChunkMap& map, bool with_detail) {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version).member("run", run.value);
  json.member("chunks", map.chunks()).member("states", map.states());
  if (with_detail) {
    write_lengths(json, "ids", map.ids());
    write_lengths(json, "stages", map.stages());
    write_lengths(json, "devices", map.devices());
  }
  return json.end_object().end_document().take();
}

}  // namespace sluice
