// SPDX-License-Identifier: MIT
// A chunk's state and what is known of it: the words that the store keeps and the reports show.
#pragma once

#include <optional>
#include <string_view>

namespace sluice {

enum class ChunkState { pending, in_flight, succeeded, failed, in_doubt, split, canceled };

/// How sure a success is. Only `confirmed` rests on an answer that said so.
enum class Evidence { none, confirmed, presumed };

/// Why a chunk is in doubt where no answer of its own says so.
enum class Held {
  no,
  poison,          ///< the program died several times while the chunk was in flight
  store_restored,  ///< the record is older than what was sent: it comes from a backup
};

/// A final state is left only by an operator's hand.
constexpr bool is_final(ChunkState state) {
  return state != ChunkState::pending && state != ChunkState::in_flight;
}

std::string_view to_string(ChunkState state);
std::optional<ChunkState> chunk_state_from(std::string_view word);

std::string_view to_string(Evidence evidence);
std::optional<Evidence> evidence_from(std::string_view word);

/// The empty word stands for `no`.
std::string_view to_string(Held held);
std::optional<Held> held_from(std::string_view word);

}  // namespace sluice
