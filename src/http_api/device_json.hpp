// SPDX-License-Identifier: MIT
// What is said of one device of a run: the words for its state, and the members of its row, the same in
// `results`, in exports and in the pages of the API.
#pragma once

#include <optional>
#include <string_view>

#include "http_api/json_text.hpp"
#include "sluice/core/outcome.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

/// A device's state as reports call it: a chunk that succeeded is `accepted`, for more is not known of a
/// device.
std::string_view device_state_word(ChunkState state);
/// The other way round; absent: no such word.
std::optional<ChunkState> device_state_from(std::string_view word);
/// The word, or nothing where there is no evidence.
std::string_view evidence_word(Evidence evidence);

/// The filter that a word asks for: a device's state, or "confirmed" or "presumed" for the accepted ones of
/// that evidence; absent: no such word.
std::optional<DeviceFilter> device_filter_from(std::string_view word);

/// The members "device", "state", "evidence", "chunk", "attempts", "request_id", "code", "message" and
/// "settled_at". @param settled_at row.settled_at in RFC 3339: devices of a chunk share it
void write_device(JsonText& json, const DeviceResult& row, std::string_view settled_at);

}  // namespace sluice
