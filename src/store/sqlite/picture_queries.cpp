// SPDX-License-Identifier: MIT
// What a run is drawn from: one walk along an index each, and nothing is kept of what was passed.
#include "store/sqlite/queries.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace sluice::queries {
namespace {

void add_examples(Connection& connection, std::int64_t chunk, std::size_t most, CodeDevices& devices) {
  if (devices.examples.size() >= most) return;
  Statement row = connection.query("SELECT names FROM chunk_devices WHERE chunk = ?1", chunk);
  if (!row.next()) return;
  visit_names(row.text(0), [&](std::string_view name) {
    devices.examples.emplace_back(name);
    return devices.examples.size() < most;
  });
}

}  // namespace

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

void for_each_send(Connection& connection, RunId run, const SendVisitor& visit) {
  require_run(connection, run);
  Statement row = connection.query(
      "SELECT result.sent_at_us, result.settled_at_us, result.http_status <> 0"
      "  FROM attempts INDEXED BY attempts_of_run"
      "  JOIN attempt_results AS result ON result.attempt = attempts.id"
      " WHERE attempts.run = ?1 AND result.sent = 'sent' ORDER BY attempts.id",
      run);
  while (row.next()) {
    visit({.sent_at = row.time(0),
           .answered_at = row.integer(2) == 1 ? std::optional{row.time(1)} : std::nullopt});
  }
}

void for_each_chunk_outcome(Connection& connection, RunId run, const ChunkOutcomeVisitor& visit) {
  require_run(connection, run);
  Statement row = connection.query(
      "SELECT chunks.state, chunks.devices, result.settled_at_us"
      "  FROM chunks INDEXED BY chunks_in_order"
      "  JOIN attempt_results AS result ON result.attempt = chunks.last_result"
      " WHERE chunks.run = ?1 AND chunks.state IN ('succeeded', 'failed', 'in_doubt')",
      run);
  while (row.next()) {
    visit({.state = known(chunk_state_from(row.text(0)), connection),
           .devices = row.small_integer(1),
           .settled_at = row.time(2)});
  }
}

std::optional<LateResults> late_results(Connection& connection, RunId run, UtcTime since, int attempts_max) {
  require_run(connection, run);
  Statement row = connection.query(
      "SELECT result.settled_at_us,"
      "       chunks.last_result = attempts.id AND chunks.state NOT IN ('pending', 'in_flight', 'split')"
      "  FROM attempts INDEXED BY attempts_of_run"
      "  JOIN attempt_results AS result ON result.attempt = attempts.id"
      "  JOIN chunks ON chunks.id = attempts.chunk"
      " WHERE attempts.run = ?1 ORDER BY attempts.id DESC LIMIT ?2",
      run, attempts_max);
  std::optional<LateResults> late;
  while (row.next()) {
    const UtcTime at = row.time(0);
    if (at < since) continue;
    if (!late) late = {.first = at, .last = at};
    late->first = std::min(late->first, at);
    late->last = std::max(late->last, at);
    late->finished += row.integer(1);
  }
  return late;
}

std::vector<CodeDevices> code_devices(Connection& connection, RunId run, std::size_t examples) {
  require_run(connection, run);
  // Of what is held because the store was restored, no result on record is the reason.
  Statement row = connection.query(
      "SELECT result.code, chunks.state, chunks.devices, chunks.id"
      "  FROM chunks INDEXED BY chunks_in_order"
      "  JOIN attempt_results AS result ON result.attempt = chunks.last_result"
      " WHERE chunks.run = ?1 AND chunks.state <> 'split' AND chunks.held <> 'store_restored'"
      "   AND result.outcome <> 'accepted' ORDER BY chunks.position",
      run);
  std::map<std::string, CodeDevices, std::less<>> found;
  while (row.next()) {
    CodeDevices& devices = found.try_emplace(row.string(0), CodeDevices{.code = row.string(0)}).first->second;
    const ChunkState state = known(chunk_state_from(row.text(1)), connection);
    if (state == ChunkState::failed) devices.failed += row.integer(2);
    if (state == ChunkState::in_doubt) devices.in_doubt += row.integer(2);
    add_examples(connection, row.integer(3), examples, devices);
  }
  std::vector<CodeDevices> by_code;
  for (auto& [code, devices] : found) by_code.push_back(std::move(devices));
  return by_code;
}

}  // namespace sluice::queries
