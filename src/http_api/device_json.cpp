// SPDX-License-Identifier: MIT
#include "http_api/device_json.hpp"

namespace sluice {

std::string_view device_state_word(ChunkState state) {
  return state == ChunkState::succeeded ? "accepted" : to_string(state);
}

std::optional<ChunkState> device_state_from(std::string_view word) {
  if (word == "accepted") return ChunkState::succeeded;
  const std::optional<ChunkState> state = chunk_state_from(word);
  // A device is never split, and `succeeded` would promise what nobody knows.
  if (state == ChunkState::split || state == ChunkState::succeeded) return std::nullopt;
  return state;
}

std::string_view evidence_word(Evidence evidence) {
  return evidence == Evidence::none ? std::string_view{} : to_string(evidence);
}

std::optional<DeviceFilter> device_filter_from(std::string_view word) {
  if (word == "confirmed" || word == "presumed") {
    return DeviceFilter{.state = ChunkState::succeeded, .evidence = evidence_from(word)};
  }
  const std::optional<ChunkState> state = device_state_from(word);
  if (!state) return std::nullopt;
  return DeviceFilter{.state = state, .evidence = {}};
}

void write_device(JsonText& json, const DeviceResult& row, std::string_view settled_at) {
  json.member("device", row.device).member("state", device_state_word(row.state));
  json.member("evidence", evidence_word(row.evidence)).member("chunk", row.chunk.value);
  json.member("attempts", row.attempts).member("request_id", row.request_id);
  json.member("code", row.code).member("message", row.message).key("settled_at");
  row.settled_at ? json.value(settled_at) : json.null();
}

}  // namespace sluice
