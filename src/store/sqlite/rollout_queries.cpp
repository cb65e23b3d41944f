// SPDX-License-Identifier: MIT
// What can be asked about stages, about how their devices stand, and about paces that were ordered.
#include <fmt/format.h>

#include "store/sqlite/queries.hpp"

namespace sluice::queries {
namespace {

/// Nobody tolerates more refusals in a row than this.
constexpr int attempts_looked_back = 10'000;

StageTally& tally_of(RunTally& tally, int stage) {
  const auto index = static_cast<std::size_t>(stage - 1);
  if (tally.stages.size() <= index) tally.stages.resize(index + 1);
  return tally.stages[index];
}

void count_states(Connection& connection, RunId run, RunTally& tally) {
  Statement row = connection.query(
      "SELECT stage, state, sum(devices) FROM chunks INDEXED BY chunks_in_order"
      " WHERE run = ?1 AND state <> 'split' GROUP BY stage, state",
      run);
  while (row.next()) {
    StageTally& stage = tally_of(tally, row.small_integer(0));
    const ChunkState state = known(chunk_state_from(row.text(1)), connection);
    const std::int64_t devices = row.integer(2);
    stage.devices += devices;
    if (state == ChunkState::succeeded) stage.accepted = devices;
    if (state == ChunkState::failed) stage.failed = devices;
    if (state == ChunkState::in_doubt) stage.in_doubt = devices;
    if (state == ChunkState::canceled) stage.canceled = devices;
  }
}

void count_codes(Connection& connection, RunId run, RunTally& tally) {
  Statement row = connection.query(
      "SELECT chunks.stage, coalesce(attempt_results.code, ''), sum(chunks.devices)"
      "  FROM chunks INDEXED BY chunks_in_order"
      "  LEFT JOIN attempt_results ON attempt_results.attempt = chunks.last_result"
      " WHERE chunks.run = ?1 AND chunks.state IN ('failed', 'in_doubt') GROUP BY 1, 2",
      run);
  while (row.next()) tally_of(tally, row.small_integer(0)).bad_by_code[row.string(1)] = row.integer(2);
}

std::int64_t rejected_in_a_row(Connection& connection, RunId run) {
  Statement row = connection.query(
      "SELECT attempt_results.outcome, chunks.parent IS NOT NULL"
      "  FROM attempts INDEXED BY attempts_of_run"
      "  JOIN attempt_results ON attempt_results.attempt = attempts.id"
      "  JOIN chunks ON chunks.id = attempts.chunk"
      " WHERE attempts.run = ?1 ORDER BY attempts.id DESC LIMIT ?2",
      run, attempts_looked_back);
  std::int64_t rejected = 0;
  while (row.next()) {
    const OutcomeKind outcome = known(outcome_kind_from(row.text(0)), connection);
    if (outcome == OutcomeKind::accepted) break;
    if (is_rejection(outcome) && row.integer(1) == 0) ++rejected;
  }
  return rejected;
}

}  // namespace

RenderedArguments arguments(Connection& connection, ArgumentsId arguments) {
  Statement row =
      connection.query("SELECT args, compensate_args FROM run_arguments WHERE id = ?1", arguments);
  if (!row.next()) {
    fail(ErrorKind::not_found,
         fmt::format("store {} has no arguments {}", connection.path(), arguments.value));
  }
  return {.args = row.string(0), .compensate_args = row.string(1)};
}

int open_stage(Connection& connection, RunId run) {
  Statement row = connection.query("SELECT stage FROM runs WHERE id = ?1", run);
  return row.next() ? row.small_integer(0) : 0;
}

std::vector<StageRecord> stages(Connection& connection, RunId run) {
  require_run(connection, run);
  // Beside max(), SQLite takes the other columns from the row of the maximum: the newest approval of each.
  Statement row = connection.query(
      "SELECT stages.number, stages.name, stages.devices, stages.opened_at_us, stages.settled_at_us,"
      "       approvals.at_us, coalesce(approvals.actor, ''), coalesce(approvals.past_gate, 0),"
      "       max(approvals.id)"
      "  FROM stages LEFT JOIN approvals ON approvals.run = stages.run AND approvals.stage = stages.number"
      " WHERE stages.run = ?1 GROUP BY stages.number ORDER BY stages.number",
      run);
  std::vector<StageRecord> found;
  while (row.next()) {
    found.push_back({.number = row.small_integer(0),
                     .name = row.string(1),
                     .devices = row.integer(2),
                     .opened_at = row.maybe_time(3),
                     .settled_at = row.maybe_time(4),
                     .approved_at = row.maybe_time(5),
                     .approved_by = row.string(6),
                     .is_past_gate = row.integer(7) == 1});
  }
  return found;
}

RunTally tally(Connection& connection, RunId run) {
  require_run(connection, run);
  RunTally tally;
  for (const StageRecord& stage : stages(connection, run)) tally_of(tally, stage.number);
  count_states(connection, run, tally);
  count_codes(connection, run, tally);
  tally.rejected_in_a_row = rejected_in_a_row(connection, run);
  return tally;
}

std::optional<RateOrder> rate_order(Connection& connection, std::string_view tenant) {
  Statement row = connection.query(
      "SELECT rate, until_us, actor, at_us FROM rate_orders WHERE tenant = ?1 ORDER BY id DESC LIMIT 1",
      tenant);
  if (!row.next()) return std::nullopt;
  return RateOrder{.tenant = std::string{tenant},
                   .rate = row.real(0),
                   .until = row.time(1),
                   .actor = row.string(2),
                   .now = row.time(3)};
}

void for_each_unfinished_device(Connection& connection, std::string_view tenant,
                                const std::function<bool(RunId, std::string_view)>& visit) {
  Statement row = connection.query(
      "SELECT runs.id, chunk_devices.names FROM runs INDEXED BY runs_unfinished"
      "  JOIN chunks INDEXED BY chunks_in_order ON chunks.run = runs.id AND chunks.state <> 'split'"
      "  JOIN chunk_devices ON chunk_devices.chunk = chunks.id"
      " WHERE runs.tenant = ?1 AND runs.sealed = 1 AND runs.finished_at_us IS NULL"
      " ORDER BY runs.id, chunks.position",
      tenant);
  while (row.next()) {
    const RunId run{row.integer(0)};
    if (!visit_names(row.text(1), [&](std::string_view name) { return visit(run, name); })) return;
  }
}

}  // namespace sluice::queries
