// SPDX-License-Identifier: MIT
// Each page walks an index from where the last one ended and picks the rows that are wanted. What it picks by
// is looked at here, row by row, rather than by SQLite: so it knows how far it has come when it has looked at
// enough.
#include "store/sqlite/page_queries.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "sluice/core/run_rules.hpp"
#include "store/sqlite/queries.hpp"
#include "store/sqlite/store_failure.hpp"

namespace sluice::queries {
namespace {

// What one page looks at, at most: each of these is well under the 50 ms that a page may take.
constexpr std::int64_t runs_looked_at_max = 2'000;
constexpr std::int64_t chunks_looked_at_max = 20'000;
constexpr std::int64_t name_lists_looked_at_max = 5'000;

bool is_of_schedule(Connection& connection, const RunRecord& run, const std::string& schedule) {
  if (!run.origin.tick) return false;
  return connection
      .query(
          "SELECT 1 FROM ticks JOIN schedules ON schedules.id = ticks.schedule"
          " WHERE ticks.id = ?1 AND schedules.name = ?2",
          *run.origin.tick, schedule)
      .next();
}

bool is_wanted(Connection& connection, const RunRecord& run, const RunsWanted& wanted) {
  if (wanted.status && status_of(run) != *wanted.status) return false;
  if (wanted.tenant && run.tenant != *wanted.tenant) return false;
  if (wanted.job && run.job_name != *wanted.job) return false;
  return !wanted.schedule || is_of_schedule(connection, run, *wanted.schedule);
}

ChunkRow chunk_of(const Statement& row, const Connection& connection) {
  ChunkRow chunk;
  chunk.id = ChunkId{row.integer(0)};
  chunk.place = {.position = row.integer(1), .devices = row.small_integer(2)};
  if (!row.is_null(3)) chunk.parent = ChunkId{row.integer(3)};
  chunk.stage = row.small_integer(4);
  chunk.state = known(chunk_state_from(row.text(5)), connection);
  chunk.evidence = known(evidence_from(row.text(6)), connection);
  chunk.held = known(held_from(row.text(7)), connection);
  chunk.is_unclear = row.integer(8) == 1;
  chunk.attempts_spent = row.small_integer(9);
  chunk.requests = row.small_integer(10);
  chunk.crashes = row.small_integer(11);
  if (chunk.state == ChunkState::pending) chunk.due_at = row.time(12);
  return chunk;
}

void add_result(Connection& connection, std::int64_t attempt, ChunkRow& chunk) {
  Statement row = connection.query(
      "SELECT request_id, code, message, settled_at_us FROM attempt_results WHERE attempt = ?1", attempt);
  if (!row.next()) return;
  chunk.request_id = row.string(0);
  chunk.code = row.string(1);
  chunk.message = row.string(2);
  chunk.settled_at = row.time(3);
}

AttemptRow attempt_of(const Statement& row, const Connection& connection) {
  AttemptRow attempt;
  attempt.id = AttemptId{row.integer(0)};
  attempt.number = row.small_integer(1);
  if (!row.is_null(2)) attempt.replay_of = AttemptId{row.integer(2)};
  attempt.replay_number = row.small_integer(3);
  attempt.claimed_at = row.time(4);
  if (row.is_null(5)) return attempt;
  attempt.settled_at = row.time(5);
  attempt.sent_at = row.maybe_time(6);
  attempt.may_have_been_sent = row.text(7) == "unknown";
  attempt.outcome = known(outcome_kind_from(row.text(8)), connection);
  attempt.http_status = row.small_integer(9);
  attempt.request_id = row.string(10);
  attempt.code = row.string(11);
  attempt.message = row.string(12);
  return attempt;
}

bool is_match(std::string_view device, std::string_view name, NameMatch match) {
  switch (match) {
    case NameMatch::prefix:
      return device.starts_with(name);
    case NameMatch::part:
      return device.find(name) != std::string_view::npos;
    case NameMatch::whole:
      return device == name;
  }
  return false;
}

/// Looks through the devices of one run, and knows how far it has come.
class DeviceSearch {
 public:
  DeviceSearch(Connection& connection, const DevicesWanted& wanted,
               const std::function<void(const DeviceResult&)>& visit, std::int64_t& name_lists_left)
      : connection_(connection),
        wanted_(wanted),
        visit_(visit),
        rows_left_(rows_of(wanted.limit)),
        name_lists_left_(name_lists_left) {}

  /// @return where to go on; absent: that was all
  std::optional<std::int64_t> run() {
    // A split chunk's place is taken by its halves. No chunk is longer than 100 devices, so one that begins
    // earlier than that is over; and "pending" says that nothing has reached the cloud.
    Statement row = connection_.query(
        "SELECT id, position, devices, stage, evidence, requests, arguments, last_result, held,"
        "       CASE WHEN state = 'pending' AND unclear = 1 THEN 'in_flight' ELSE state END"
        "  FROM chunks INDEXED BY chunks_in_order"
        " WHERE run = ?1 AND position > ?2 AND state <> 'split' ORDER BY position LIMIT ?3",
        wanted_.run, wanted_.after - static_cast<std::int64_t>(devices_per_request_max),
        chunks_looked_at_max);
    std::int64_t looked_at = 0;
    std::int64_t come_to = wanted_.after;
    while (row.next()) {
      ++looked_at;
      const std::int64_t end = row.integer(1) + row.integer(2);
      if (end <= wanted_.after) continue;
      if (is_wanted_chunk(row)) {
        if (rows_left_ == 0 || name_lists_left_ == 0) return come_to;
        --name_lists_left_;
        if (const auto rest = look_into(row)) return rest;
      }
      come_to = end;
    }
    if (looked_at == chunks_looked_at_max) return come_to;
    return std::nullopt;
  }

  std::size_t rows_left() const { return rows_left_; }

 private:
  bool is_wanted_chunk(const Statement& row) const {
    if (wanted_.stage && row.small_integer(3) != *wanted_.stage) return false;
    if (wanted_.filter.evidence && row.text(4) != to_string(*wanted_.filter.evidence)) return false;
    return !wanted_.filter.state || row.text(9) == to_string(*wanted_.filter.state);
  }

  /// @return the first device that there was no more room for
  std::optional<std::int64_t> look_into(const Statement& chunk) {
    if (wanted_.code && !is_of_code(chunk)) return std::nullopt;
    Statement names = connection_.query("SELECT names FROM chunk_devices WHERE chunk = ?1", chunk.integer(0));
    if (!names.next()) return std::nullopt;
    const std::string_view text = names.text(0);
    if (!wanted_.name.empty() && text.find(wanted_.name) == std::string_view::npos) return std::nullopt;

    Statement result = result_of(chunk);
    DeviceResult device = device_of(chunk, result);
    std::int64_t place = chunk.integer(1);
    std::optional<std::int64_t> rest;
    visit_names(text, [&](std::string_view name) {
      const bool is_wanted =
          place >= wanted_.after && (wanted_.name.empty() || is_match(name, wanted_.name, wanted_.match));
      if (is_wanted && rows_left_ == 0) {
        rest = place;
        return false;
      }
      ++place;
      if (!is_wanted) return true;
      --rows_left_;
      device.device = name;
      visit_(device);
      return true;
    });
    return rest;
  }

  /// A chunk's devices share its result, so their names need not be looked at.
  bool is_of_code(const Statement& chunk) {
    Statement result = result_of(chunk);
    return has_code(device_of(chunk, result), *wanted_.code);
  }

  Statement result_of(const Statement& chunk) {
    return connection_.query(
        "SELECT request_id, code, message, settled_at_us FROM attempt_results WHERE attempt = ?1",
        chunk.integer(7));
  }

  DeviceResult device_of(const Statement& chunk, Statement& result) {
    DeviceResult device;
    device.chunk = ChunkId{chunk.integer(0)};
    device.state = known(chunk_state_from(chunk.text(9)), connection_);
    device.evidence = known(evidence_from(chunk.text(4)), connection_);
    device.attempts = chunk.small_integer(5);
    device.stage = chunk.small_integer(3);
    if (!chunk.is_null(6)) device.arguments = ArgumentsId{chunk.integer(6)};
    if (known(held_from(chunk.text(8)), connection_) == Held::store_restored) {
      device.code = to_string(Held::store_restored);
      device.message = store_restored_message;
    } else if (!chunk.is_null(7) && result.next()) {
      device.request_id = result.text(0);
      device.code = result.text(1);
      device.message = result.text(2);
      device.settled_at = result.maybe_time(3);
    }
    return device;
  }

  Connection& connection_;
  const DevicesWanted& wanted_;
  const std::function<void(const DeviceResult&)>& visit_;
  std::size_t rows_left_;
  std::int64_t& name_lists_left_;
};

}  // namespace

std::size_t rows_of(std::size_t limit) { return std::clamp<std::size_t>(limit, 1, page_rows_max); }

Page<RunRecord, RunId> runs_page(Connection& connection, const RunsWanted& wanted) {
  Page<RunRecord, RunId> page;
  const std::size_t limit = rows_of(wanted.limit);
  // A slice at a time, since most pages are full long before all that may be looked at has been.
  constexpr std::int64_t slice = 100;
  std::optional<RunId> after = wanted.after;
  for (std::int64_t looked_at = 0; looked_at < runs_looked_at_max; looked_at += slice) {
    std::vector<RunRecord> found = runs_before(connection, after, slice);
    for (RunRecord& run : found) {
      if (is_wanted(connection, run, wanted)) {
        if (page.rows.size() == limit) {
          page.next = after;
          return page;
        }
        page.rows.push_back(std::move(run));
      }
      after = run.id;
    }
    if (found.size() < slice) return page;
  }
  page.next = after;
  return page;
}

Page<ChunkRow, ChunkPlace> chunks_page(Connection& connection, const ChunksWanted& wanted) {
  require_run(connection, wanted.run);
  Page<ChunkRow, ChunkPlace> page;
  const ChunkPlace after = wanted.after.value_or(ChunkPlace{.position = -1, .devices = 0});
  Statement row = connection.query(
      "SELECT id, position, devices, parent, stage, state, evidence, held, unclear, attempts_spent, requests,"
      "       crashes, due_at_us, last_result"
      "  FROM chunks INDEXED BY chunks_in_order"
      " WHERE run = ?1 AND (position, devices) > (?2, ?3) ORDER BY position, devices LIMIT ?4",
      wanted.run, after.position, after.devices, chunks_looked_at_max);
  std::int64_t looked_at = 0;
  ChunkPlace come_to = after;
  while (row.next()) {
    ++looked_at;
    const bool is_wanted = (!wanted.stage || row.small_integer(4) == *wanted.stage) &&
                           (!wanted.state || row.text(5) == to_string(*wanted.state));
    if (is_wanted) {
      if (page.rows.size() == rows_of(wanted.limit)) {
        page.next = come_to;
        return page;
      }
      page.rows.push_back(chunk_of(row, connection));
      if (!row.is_null(13)) add_result(connection, row.integer(13), page.rows.back());
    }
    come_to = {.position = row.integer(1), .devices = row.small_integer(2)};
  }
  if (looked_at == chunks_looked_at_max) page.next = come_to;
  return page;
}

Page<AttemptRow, AttemptId> attempts_page(Connection& connection, const AttemptsWanted& wanted) {
  if (!connection
           .query("SELECT 1 FROM chunks JOIN runs ON runs.id = chunks.run AND runs.sealed = 1 WHERE "
                  "chunks.id = ?1",
                  wanted.chunk)
           .next()) {
    fail(ErrorKind::not_found, fmt::format("store {} has no chunk {}", connection.path(), wanted.chunk.value),
         "See which chunks a run has: /api/v1/runs/{run}/chunks.");
  }
  Page<AttemptRow, AttemptId> page;
  const std::size_t limit = rows_of(wanted.limit);
  Statement row = connection.query(
      "SELECT attempts.id, attempts.number, attempts.replay_of, attempts.replay_number,"
      "       attempts.claimed_at_us, result.settled_at_us, result.sent_at_us, result.sent, result.outcome,"
      "       result.http_status, result.request_id, result.code, result.message"
      "  FROM attempts INDEXED BY attempts_of_chunk"
      "  LEFT JOIN attempt_results AS result ON result.attempt = attempts.id"
      " WHERE attempts.chunk = ?1 AND attempts.id > ?2 ORDER BY attempts.id LIMIT ?3",
      wanted.chunk, wanted.after.value_or(AttemptId{0}), static_cast<std::int64_t>(limit + 1));
  while (row.next()) {
    if (page.rows.size() == limit) {
      page.next = page.rows.back().id;
      return page;
    }
    page.rows.push_back(attempt_of(row, connection));
  }
  return page;
}

std::optional<std::int64_t> devices_page(Connection& connection, const DevicesWanted& wanted,
                                         const std::function<void(const DeviceResult&)>& visit) {
  require_run(connection, wanted.run);
  std::int64_t name_lists_left = name_lists_looked_at_max;
  return DeviceSearch{connection, wanted, visit, name_lists_left}.run();
}

std::optional<DeviceHistoryWanted::Place> device_history(Connection& connection,
                                                         const DeviceHistoryWanted& wanted,
                                                         const DeviceRunVisitor& visit) {
  std::size_t rows_left = rows_of(wanted.limit);
  std::int64_t name_lists_left = name_lists_looked_at_max;
  std::optional<RunId> before;
  if (wanted.from) before = RunId{wanted.from->run.value + 1};
  for (;;) {
    std::vector<RunRecord> found = runs_before(connection, before, 1);
    if (found.empty()) return std::nullopt;
    const RunRecord& run = found.front();
    before = run.id;
    const std::int64_t after = wanted.from && wanted.from->run == run.id ? wanted.from->after : 0;
    if (wanted.tenant && run.tenant != *wanted.tenant) continue;
    if (rows_left == 0 || name_lists_left == 0) return DeviceHistoryWanted::Place{run.id, after};
    const DevicesWanted in_run{
        .run = run.id, .name = wanted.device, .match = NameMatch::whole, .after = after, .limit = rows_left};
    const std::function<void(const DeviceResult&)> visit_device = [&](const DeviceResult& device) {
      visit(run, device);
    };
    DeviceSearch search{connection, in_run, visit_device, name_lists_left};
    if (const auto rest = search.run()) return DeviceHistoryWanted::Place{run.id, *rest};
    rows_left = search.rows_left();
  }
}

Page<DoubtfulChunk, ChunkId> doubts_page(Connection& connection, const DoubtsWanted& wanted) {
  require_run(connection, wanted.run);
  Page<DoubtfulChunk, ChunkId> page;
  const std::size_t limit = rows_of(wanted.limit);
  page.rows = doubts_after(connection, wanted.run, wanted.after.value_or(ChunkId{0}), limit + 1);
  if (page.rows.size() > limit) {
    page.rows.pop_back();
    page.next = page.rows.back().chunk;
  }
  return page;
}

}  // namespace sluice::queries
