// SPDX-License-Identifier: MIT
// What a run is drawn from: one walk along an index each, and nothing is kept of what was passed.
#include "store/sqlite/queries.hpp"

namespace sluice::queries {

void for_each_leaf(Connection& connection, RunId run, const LeafVisitor& visit) {
  require_run(connection, run);
  Statement row = connection.query(
      "SELECT id, state, evidence, stage, devices FROM chunks INDEXED BY chunks_in_order"
      " WHERE run = ?1 AND state <> 'split' ORDER BY position, devices",
      run);
  while (row.next()) {
    visit({.id = ChunkId{row.integer(0)},
           .state = known(chunk_state_from(row.text(1)), connection),
           .evidence = known(evidence_from(row.text(2)), connection),
           .stage = row.small_integer(3),
           .devices = row.small_integer(4)});
  }
}

}  // namespace sluice::queries
