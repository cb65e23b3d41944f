// SPDX-License-Identifier: MIT
#include "store/sqlite/queries.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace sluice::queries {
namespace {

RunRecord run_of(const Statement& row, const Connection& connection) {
  RunRecord run;
  int column = 0;
  run.id = RunId{row.integer(column++)};
  run.job_name = row.string(column++);
  run.tenant = row.string(column++);
  run.endpoint = row.string(column++);
  run.rate = row.real(column++);
  run.duplicates = row.integer(column++);
  run.control = known(run_control_from(row.text(column++)), connection);
  run.control_cause = known(control_cause_from(row.text(column++)), connection);
  run.control_reason = row.string(column++);
  run.tenant_pause_reason = row.string(column++);
  run.tenant_silent_until = row.time(column++);
  for (StateCounts* counts : {&run.devices, &run.chunks}) {
    counts->pending = row.integer(column++);
    counts->in_flight = row.integer(column++);
    counts->accepted = row.integer(column++);
    counts->presumed = row.integer(column++);
    counts->failed = row.integer(column++);
    counts->in_doubt = row.integer(column++);
    counts->canceled = row.integer(column++);
  }
  run.chunks.split = row.integer(column++);
  run.requests = row.integer(column++);
  run.throttled = row.integer(column++);
  run.created_at = row.time(column++);
  run.started_at = row.maybe_time(column++);
  run.finished_at = row.maybe_time(column++);
  run.stage = row.small_integer(column++);
  run.submitter = row.string(column++);
  run.digest = row.string(column++);
  if (!row.is_null(column)) run.predicted = std::chrono::microseconds{row.integer(column)};
  ++column;
  run.purpose = known(run_purpose_from(row.text(column++)), connection);
  if (!row.is_null(column)) run.parent = RunId{row.integer(column)};
  ++column;
  if (!row.is_null(column)) run.origin.tick = TickId{row.integer(column)};
  ++column;
  run.origin.job_file = row.string(column++);
  run.origin.job_revision = row.integer(column++);
  return run;
}

std::vector<RunRecord> runs_between(Connection& connection, std::int64_t first, std::int64_t last,
                                    std::size_t limit) {
  const std::int64_t rows_max = static_cast<std::int64_t>(
      std::min<std::size_t>(limit, static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max())));
  Statement row = connection.query(
      "SELECT runs.id, runs.job_name, runs.tenant, runs.endpoint, runs.rate, runs.duplicates,"
      "       runs.control, runs.control_cause, runs.control_reason, tenants.paused_reason,"
      "       tenants.silent_until_us,"
      "       runs.devices_pending, runs.devices_in_flight, runs.devices_accepted, runs.devices_presumed,"
      "       runs.devices_failed, runs.devices_in_doubt, runs.devices_canceled,"
      "       runs.chunks_pending, runs.chunks_in_flight, runs.chunks_accepted, runs.chunks_presumed,"
      "       runs.chunks_failed, runs.chunks_in_doubt, runs.chunks_canceled, runs.chunks_split,"
      "       runs.requests, runs.throttled, runs.created_at_us, runs.started_at_us, runs.finished_at_us,"
      "       runs.stage, runs.submitter, runs.digest, runs.predicted_us, runs.purpose, runs.parent,"
      "       runs.tick, runs.job_file, runs.job_revision"
      "  FROM runs JOIN tenants ON tenants.name = runs.tenant"
      " WHERE runs.sealed = 1 AND runs.id BETWEEN ?1 AND ?2 ORDER BY runs.id DESC LIMIT ?3",
      first, last, rows_max);
  std::vector<RunRecord> found;
  while (row.next()) found.push_back(run_of(row, connection));
  return found;
}

}  // namespace

std::vector<RunRecord> runs(Connection& connection, std::size_t limit) {
  return runs_between(connection, 1, std::numeric_limits<std::int64_t>::max(), limit);
}

std::vector<RunRecord> runs_before(Connection& connection, std::optional<RunId> before, std::size_t limit) {
  return runs_between(connection, 1, before ? before->value - 1 : std::numeric_limits<std::int64_t>::max(),
                      limit);
}

std::optional<RunRecord> run(Connection& connection, RunId run) {
  std::vector<RunRecord> found = runs_between(connection, run.value, run.value, 1);
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

void require_run(Connection& connection, RunId run) {
  if (connection.query("SELECT 1 FROM runs WHERE id = ?1 AND sealed = 1", run).next()) return;
  fail(ErrorKind::not_found, fmt::format("store {} has no run {}", connection.path(), run.value),
       "See which runs there are: sluice list.");
}

void for_each_device(Connection& connection, RunId run, const DeviceFilter& filter,
                     const DeviceVisitor& visit) {
  require_run(connection, run);
  // A split chunk's place is taken by its halves, which start where it started. And "pending" says that
  // nothing has reached the cloud: what waits for its repetition is told as in flight, because its result is
  // still to come.
  Statement row = connection.query(
      "SELECT chunks.id,"
      "       CASE WHEN chunks.state = 'pending' AND chunks.unclear = 1 THEN 'in_flight' ELSE chunks.state "
      "END"
      "         AS told_state,"
      "       chunks.evidence, chunks.requests, chunk_devices.names,"
      "       attempt_results.request_id, attempt_results.code, attempt_results.message,"
      "       attempt_results.settled_at_us, chunks.held, chunks.stage, chunks.arguments"
      "  FROM chunks INDEXED BY chunks_in_order JOIN chunk_devices ON chunk_devices.chunk = chunks.id"
      "  LEFT JOIN attempt_results ON attempt_results.attempt = chunks.last_result"
      " WHERE chunks.run = ?1 AND chunks.state <> 'split'"
      "   AND (?2 IS NULL OR told_state = ?2) AND (?3 IS NULL OR chunks.evidence = ?3)"
      " ORDER BY chunks.run, chunks.position",
      run, filter.state, filter.evidence);
  while (row.next()) {
    DeviceResult device;
    device.chunk = ChunkId{row.integer(0)};
    device.state = known(chunk_state_from(row.text(1)), connection);
    device.evidence = known(evidence_from(row.text(2)), connection);
    device.attempts = row.small_integer(3);
    device.request_id = row.text(5);
    device.code = row.text(6);
    device.message = row.text(7);
    device.settled_at = row.maybe_time(8);
    device.stage = row.small_integer(10);
    if (!row.is_null(11)) device.arguments = ArgumentsId{row.integer(11)};
    if (known(held_from(row.text(9)), connection) == Held::store_restored) {
      device.code = to_string(Held::store_restored);
      device.message = store_restored_message;
      device.request_id = {};
      device.settled_at.reset();
    }
    const auto visit_name = [&device, &visit](std::string_view name) {
      device.device = name;
      return visit(device);
    };
    if (!visit_names(row.text(4), visit_name)) return;
  }
}

std::vector<CodeCount> top_codes(Connection& connection, RunId run, std::size_t limit) {
  require_run(connection, run);
  // Beside max(), SQLite takes the other columns from the row of the maximum: the newest message of each
  // code.
  Statement row = connection.query(
      "SELECT attempt_results.code, count(*) AS attempts, attempt_results.message, max(attempts.id)"
      "  FROM attempts JOIN attempt_results ON attempt_results.attempt = attempts.id"
      " WHERE attempts.run = ?1 AND attempt_results.outcome <> 'accepted'"
      " GROUP BY attempt_results.code ORDER BY 2 DESC, 1 LIMIT ?2",
      run, static_cast<std::int64_t>(limit));
  std::vector<CodeCount> codes;
  while (row.next()) {
    codes.push_back({.code = row.string(0), .attempts = row.integer(1), .example = row.string(2)});
  }
  return codes;
}

SendLog sends_of_run(Connection& connection, RunId run, std::int64_t live_owner) {
  require_run(connection, run);
  SendLog log;
  Statement sent = connection.query(
      "SELECT attempt_results.sent_at_us FROM attempts JOIN attempt_results ON attempt_results.attempt = "
      "attempts.id"
      " WHERE attempts.run = ?1 AND attempt_results.sent = 'sent' ORDER BY 1",
      run);
  while (sent.next()) log.sent_at.push_back(sent.time(0));
  // Cut off and recorded as such, or cut off and not yet taken over.
  Statement unknown = connection.query(
      "SELECT (SELECT count(*) FROM attempts JOIN attempt_results ON attempt_results.attempt = attempts.id"
      "         WHERE attempts.run = ?1 AND attempt_results.sent = 'unknown')"
      "     + (SELECT count(*) FROM chunks WHERE run = ?1 AND state = 'in_flight' AND owner <> ?2)",
      run, live_owner);
  if (unknown.next()) log.unknown = unknown.integer(0);
  return log;
}

SendLog sends_of_account(Connection& connection, RunId run, std::int64_t live_owner) {
  require_run(connection, run);
  SendLog log;
  Statement sent = connection.query(
      "SELECT attempt_results.sent_at_us"
      "  FROM attempts JOIN attempt_results ON attempt_results.attempt = attempts.id"
      " WHERE attempts.key_id IN (SELECT key_id FROM attempts WHERE run = ?1)"
      "   AND attempt_results.sent = 'sent' ORDER BY 1",
      run);
  while (sent.next()) log.sent_at.push_back(sent.time(0));
  Statement unknown = connection.query(
      "SELECT count(*) FROM attempts LEFT JOIN attempt_results ON attempt_results.attempt = attempts.id"
      " WHERE attempts.key_id IN (SELECT key_id FROM attempts WHERE run = ?1)"
      "   AND (attempt_results.sent = 'unknown' OR (attempt_results.sent IS NULL AND attempts.owner <> ?2))",
      run, live_owner);
  if (unknown.next()) log.unknown = unknown.integer(0);
  Statement rate = connection.query(
      "SELECT max(runs.rate) FROM runs WHERE runs.id IN (SELECT attempts.run FROM attempts"
      "  WHERE attempts.key_id IN (SELECT key_id FROM attempts WHERE run = ?1))",
      run);
  if (rate.next() && !rate.is_null(0)) log.rate = rate.real(0);
  return log;
}

std::string job_text(Connection& connection, RunId run) {
  Statement row = connection.query("SELECT job_text FROM run_jobs WHERE run = ?1", run);
  if (!row.next()) fail(ErrorKind::not_found, fmt::format("there is no run {} in this store", run.value), "");
  return row.string(0);
}

namespace {

constexpr int retry_turn = 1;

/// Adds what one stage holds for one turn: apart, because the index of the queue keeps them apart.
void look_into_queue(Connection& connection, RunId run, int stage, int turn, UtcTime now, QueueState& queue) {
  const auto first_of = [](std::optional<UtcTime> one, UtcTime other) {
    return one ? std::min(*one, other) : other;
  };
  Statement row = connection.query(
      "SELECT count(*), min(due_at_us), (SELECT min(due_at_us) FROM chunks INDEXED BY chunks_due"
      "   WHERE run = ?1 AND stage = ?4 AND state = 'pending' AND turn = ?2 AND due_at_us > ?3)"
      "  FROM chunks INDEXED BY chunks_due"
      " WHERE run = ?1 AND stage = ?4 AND state = 'pending' AND turn = ?2 AND due_at_us <= ?3",
      run, turn, now, stage);
  row.next();
  queue.due_now += row.integer(0);
  if (turn == retry_turn) queue.retries_due_now += row.integer(0);
  if (!row.is_null(1)) queue.next_due_at = first_of(queue.next_due_at, row.time(1));
  if (!row.is_null(2)) queue.due_later_at = first_of(queue.due_later_at, row.time(2));
}

}  // namespace

QueueState queue_state(Connection& connection, RunId run, UtcTime now) {
  require_run(connection, run);
  QueueState queue;
  for (int stage = 1; stage <= open_stage(connection, run); ++stage) {
    for (const int turn : {0, retry_turn, 2}) look_into_queue(connection, run, stage, turn, now, queue);
  }
  if (!queue.next_due_at) queue.next_due_at = queue.due_later_at;
  Statement unclear = connection.query(
      "SELECT coalesce(sum(devices), 0) FROM chunks INDEXED BY chunks_unclear"
      " WHERE run = ?1 AND state = 'pending' AND unclear = 1",
      run);
  if (unclear.next()) queue.unclear_devices = unclear.integer(0);
  return queue;
}

std::optional<NewestResult> newest_result(Connection& connection, RunId run) {
  require_run(connection, run);
  // Backwards from the newest attempt: a matter of as many rows as are in flight.
  Statement row = connection.query(
      "SELECT attempt_results.settled_at_us, attempt_results.http_status <> 0, attempt_results.code"
      "  FROM attempts INDEXED BY attempts_of_run JOIN attempt_results ON attempt_results.attempt = "
      "attempts.id"
      " WHERE attempts.run = ?1 AND attempt_results.sent <> 'unknown' ORDER BY attempts.id DESC LIMIT 1",
      run);
  if (!row.next()) return std::nullopt;
  return NewestResult{.settled_at = row.time(0), .is_answer = row.integer(1) == 1, .code = row.string(2)};
}

namespace {

DoubtfulChunk doubt_of(const Statement& row, const Connection& connection) {
  DoubtfulChunk doubt;
  doubt.chunk = ChunkId{row.integer(0)};
  doubt.devices = row.small_integer(1);
  doubt.held = known(held_from(row.text(2)), connection);
  doubt.sends = row.integer(6);
  doubt.since = row.maybe_time(7);
  if (doubt.held == Held::store_restored) {
    doubt.code = to_string(doubt.held);
    doubt.message = store_restored_message;
  } else {
    doubt.code = row.string(3);
    doubt.message = row.string(4);
    doubt.request_id = row.string(5);
  }
  return doubt;
}

}  // namespace

std::vector<DoubtfulChunk> doubts(Connection& connection, RunId run) {
  require_run(connection, run);
  // What a crash cut off is not among the chunk's requests, but it may have been one.
  Statement row = connection.query(
      "SELECT chunks.id, chunks.devices, chunks.held, result.code, result.message, result.request_id,"
      "       chunks.requests + (SELECT count(*) FROM attempts JOIN attempt_results AS cut_off"
      "                            ON cut_off.attempt = attempts.id AND cut_off.sent = 'unknown'"
      "                           WHERE attempts.chunk = chunks.id),"
      "       CASE chunks.held WHEN 'store_restored'"
      "         THEN (SELECT max(at_us) FROM events WHERE run = ?1 AND what = 'store_restored')"
      "         ELSE result.settled_at_us END"
      "  FROM chunks INDEXED BY chunks_in_doubt"
      "  LEFT JOIN attempt_results AS result ON result.attempt = chunks.last_result"
      " WHERE chunks.run = ?1 AND chunks.state = 'in_doubt' ORDER BY chunks.position",
      run);
  std::vector<DoubtfulChunk> found;
  while (row.next()) found.push_back(doubt_of(row, connection));
  return found;
}

std::vector<DoubtfulChunk> doubts_after(Connection& connection, RunId run, ChunkId after, std::size_t limit) {
  Statement row = connection.query(
      "SELECT chunks.id, chunks.devices, chunks.held, result.code, result.message, result.request_id,"
      "       chunks.requests + (SELECT count(*) FROM attempts JOIN attempt_results AS cut_off"
      "                            ON cut_off.attempt = attempts.id AND cut_off.sent = 'unknown'"
      "                           WHERE attempts.chunk = chunks.id),"
      "       CASE chunks.held WHEN 'store_restored'"
      "         THEN (SELECT max(at_us) FROM events WHERE run = ?1 AND what = 'store_restored')"
      "         ELSE result.settled_at_us END"
      "  FROM chunks INDEXED BY chunks_in_doubt"
      "  LEFT JOIN attempt_results AS result ON result.attempt = chunks.last_result"
      " WHERE chunks.run = ?1 AND chunks.state = 'in_doubt' AND chunks.id > ?2 ORDER BY chunks.id LIMIT ?3",
      run, after, static_cast<std::int64_t>(limit));
  std::vector<DoubtfulChunk> found;
  while (row.next()) found.push_back(doubt_of(row, connection));
  return found;
}

std::vector<DecidedChunk> doubt_decisions(Connection& connection, RunId run) {
  require_run(connection, run);
  Statement row = connection.query(
      "SELECT doubt_decisions.chunk, chunks.devices, doubt_decisions.decision, doubt_decisions.actor,"
      "       doubt_decisions.reason, doubt_decisions.at_us"
      "  FROM doubt_decisions JOIN chunks ON chunks.id = doubt_decisions.chunk"
      " WHERE doubt_decisions.run = ?1 ORDER BY doubt_decisions.id",
      run);
  std::vector<DecidedChunk> decided;
  while (row.next()) {
    decided.push_back({.chunk = ChunkId{row.integer(0)},
                       .devices = row.small_integer(1),
                       .verdict = known(doubt_verdict_from(row.text(2)), connection),
                       .actor = row.string(3),
                       .reason = row.string(4),
                       .at = row.time(5)});
  }
  return decided;
}

std::int64_t newest_owner(Connection& connection) {
  Statement row = connection.query("SELECT coalesce(max(id), 0) FROM owners");
  return row.next() ? row.integer(0) : 0;
}

std::int64_t newest_attempt(Connection& connection) {
  Statement row = connection.query("SELECT coalesce(max(id), 0) FROM attempts");
  return row.next() ? row.integer(0) : 0;
}

}  // namespace sluice::queries
