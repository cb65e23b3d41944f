// SPDX-License-Identifier: MIT
#include "simulation/record_view.hpp"

#include <fmt/format.h>

#include <array>
#include <stdexcept>

namespace sluice::simulation {

class RecordView::Rows {
 public:
  Rows(RecordView& view, const std::string& sql) : shield_(view.disk_), statement_(view.prepared(sql)) {}
  ~Rows() { sqlite3_reset(statement_); }
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  Rows& bind(int index, std::int64_t value) {
    sqlite3_bind_int64(statement_, index, value);
    return *this;
  }
  bool next() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    throw std::runtime_error(fmt::format("the checker cannot read the record: SQLite {}", code));
  }
  std::int64_t integer(int column) { return sqlite3_column_int64(statement_, column); }
  bool is_null(int column) { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  std::string text(int column) {
    const unsigned char* bytes = sqlite3_column_text(statement_, column);
    return bytes == nullptr ? std::string{} : reinterpret_cast<const char*>(bytes);
  }

 private:
  Shield shield_;
  sqlite3_stmt* statement_;
};

void RecordView::close() {
  const Shield shield{disk_};
  statements_.clear();
  sqlite3_close_v2(db_);
  db_ = nullptr;
}

sqlite3_stmt* RecordView::prepared(const std::string& sql) {
  if (epoch_ != disk_.epoch()) close();
  if (db_ == nullptr) {
    epoch_ = disk_.epoch();
    if (sqlite3_open_v2(path_.c_str(), &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr) !=
        SQLITE_OK) {
      throw std::runtime_error("the checker cannot open the record");
    }
    sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    sqlite3_wal_autocheckpoint(db_, 0);
  }
  auto& kept = statements_[sql];
  if (!kept) {
    sqlite3_stmt* fresh = nullptr;
    if (sqlite3_prepare_v3(db_, sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &fresh, nullptr) != SQLITE_OK) {
      throw std::runtime_error(
          fmt::format("the checker cannot read the record: {} in {}", sqlite3_errmsg(db_), sql));
    }
    kept.reset(fresh);
  }
  return kept.get();
}

std::vector<AttemptRow> RecordView::attempts_after(std::int64_t id) {
  std::vector<AttemptRow> rows;
  Rows row{*this,
           "SELECT id, chunk, run, number, replay_of IS NOT NULL, nonce, key_id, timestamp || ' ' || digest, "
           "claimed_at_us"
           " FROM attempts WHERE id > ?1 ORDER BY id"};
  row.bind(1, id);
  while (row.next()) {
    rows.push_back({row.integer(0), row.integer(1), row.integer(2), row.integer(3), row.integer(4) == 1,
                    row.text(5), row.text(6), row.text(7), row.integer(8)});
  }
  return rows;
}

ChunkRow RecordView::chunk_of(Rows& row) {
  ChunkRow chunk;
  chunk.id = row.integer(0);
  chunk.run = row.integer(1);
  chunk.position = row.integer(2);
  chunk.devices = row.integer(3);
  if (!row.is_null(4)) chunk.parent = row.integer(4);
  chunk.state = row.text(5);
  chunk.evidence = row.text(6);
  chunk.is_unclear = row.integer(7) == 1;
  chunk.is_replay = row.integer(8) == 1;
  chunk.crashes = row.integer(9);
  chunk.held = row.text(10);
  chunk.attempt = row.integer(11);
  chunk.stage = static_cast<int>(row.integer(12));
  chunk.code = row.text(13);
  return chunk;
}

namespace {

constexpr const char* chunk_rows =
    "SELECT chunks.id, run, position, devices, parent, state, evidence, unclear, replay, crashes, held,"
    " chunks.attempt, stage, coalesce(attempt_results.code, '')"
    " FROM chunks LEFT JOIN attempt_results ON attempt_results.attempt = chunks.last_result";

constexpr const char* run_rows =
    "SELECT id, job_name, control, finished_at_us IS NOT NULL, requests, throttled,"
    " devices_pending, devices_in_flight, devices_accepted, devices_presumed, devices_failed,"
    " devices_in_doubt, devices_canceled, chunks_pending, chunks_in_flight, chunks_accepted,"
    " chunks_presumed, chunks_failed, chunks_in_doubt, chunks_canceled, chunks_split,"
    " control_cause, stage, started_at_us, parent"
    " FROM runs WHERE sealed = 1";

}  // namespace

std::vector<ChunkRow> RecordView::chunks() {
  std::vector<ChunkRow> rows;
  Rows row{*this, std::string{chunk_rows} + " ORDER BY run, position, devices DESC"};
  while (row.next()) rows.push_back(chunk_of(row));
  return rows;
}

std::vector<ChunkRow> RecordView::chunks_of(std::int64_t run) {
  std::vector<ChunkRow> rows;
  Rows row{*this, std::string{chunk_rows} + " WHERE run = ?1"};
  row.bind(1, run);
  while (row.next()) rows.push_back(chunk_of(row));
  return rows;
}

std::optional<ChunkRow> RecordView::chunk(std::int64_t id) {
  Rows row{*this, std::string{chunk_rows} + " WHERE chunks.id = ?1"};
  row.bind(1, id);
  return row.next() ? std::optional{chunk_of(row)} : std::nullopt;
}

RunRow RecordView::run_of(Rows& row) {
  static constexpr std::array<const char*, 8> states{"pending", "in_flight", "accepted", "presumed",
                                                     "failed",  "in_doubt",  "canceled", "split"};
  RunRow run;
  run.id = row.integer(0);
  run.job = row.text(1);
  run.control = row.text(2);
  run.is_finished = row.integer(3) == 1;
  run.requests = row.integer(4);
  run.throttled = row.integer(5);
  for (int i = 0; i < 7; ++i) run.devices[states[static_cast<std::size_t>(i)]] = row.integer(6 + i);
  for (int i = 0; i < 8; ++i) run.chunks[states[static_cast<std::size_t>(i)]] = row.integer(13 + i);
  run.cause = row.text(21);
  run.stage = static_cast<int>(row.integer(22));
  if (!row.is_null(23)) run.started_at_us = row.integer(23);
  if (!row.is_null(24)) run.parent = row.integer(24);
  return run;
}

std::vector<RunRow> RecordView::runs() {
  std::vector<RunRow> rows;
  Rows row{*this, std::string{run_rows} + " ORDER BY id"};
  while (row.next()) rows.push_back(run_of(row));
  return rows;
}

std::optional<RunRow> RecordView::run(std::int64_t id) {
  Rows row{*this, std::string{run_rows} + " AND id = ?1"};
  row.bind(1, id);
  return row.next() ? std::optional{run_of(row)} : std::nullopt;
}

std::vector<StageRow> RecordView::stages(std::int64_t run) {
  std::vector<StageRow> rows;
  Rows row{*this,
           "SELECT number, devices, opened_at_us, settled_at_us FROM stages WHERE run = ?1 ORDER BY number"};
  row.bind(1, run);
  while (row.next()) {
    StageRow stage{.number = static_cast<int>(row.integer(0)), .devices = row.integer(1)};
    if (!row.is_null(2)) stage.opened_at_us = row.integer(2);
    if (!row.is_null(3)) stage.settled_at_us = row.integer(3);
    rows.push_back(stage);
  }
  return rows;
}

std::vector<ApprovalRow> RecordView::approvals(std::int64_t run) {
  std::vector<ApprovalRow> rows;
  Rows row{*this, "SELECT stage, past_gate FROM approvals WHERE run = ?1 ORDER BY id"};
  row.bind(1, run);
  while (row.next()) rows.push_back({static_cast<int>(row.integer(0)), row.integer(1) == 1});
  return rows;
}

bool RecordView::has_fresh_chunk(std::int64_t run, int open_stage, std::int64_t now_us) {
  Rows row{*this,
           "SELECT 1 FROM chunks WHERE run = ?1 AND state = 'pending' AND stage <= ?2 AND due_at_us <= ?3"
           " AND attempts_spent = 0 AND replay = 0 LIMIT 1"};
  row.bind(1, run).bind(2, open_stage).bind(3, now_us);
  return row.next();
}

std::string RecordView::names_of(std::int64_t chunk) {
  Rows row{*this, "SELECT names FROM chunk_devices WHERE chunk = ?1"};
  row.bind(1, chunk);
  return row.next() ? row.text(0) : std::string{};
}

std::int64_t RecordView::newest_attempt() {
  Rows row{*this, "SELECT coalesce(max(id), 0) FROM attempts"};
  row.next();
  return row.integer(0);
}

std::string RecordView::tenant_pause() {
  Rows row{*this, "SELECT paused_reason FROM tenants"};
  return row.next() ? row.text(0) : std::string{};
}

std::map<std::int64_t, std::string> RecordView::results() {
  std::map<std::int64_t, std::string> found;
  Rows row{
      *this,
      "SELECT attempt, sent || ' ' || outcome || ' ' || http_status || ' ' || code || ' ' || settled_at_us"
      " FROM attempt_results ORDER BY attempt"};
  while (row.next()) found[row.integer(0)] = row.text(1);
  return found;
}

std::vector<KeptRow> RecordView::kept_rows(const std::string& sql) {
  std::vector<KeptRow> rows;
  Rows row{*this, sql};
  while (row.next()) rows.push_back({row.integer(0), row.text(1)});
  return rows;
}

std::vector<KeptRow> RecordView::events() {
  return kept_rows(
      "SELECT id, at_us || ' ' || coalesce(run, 0) || ' ' || what || ' ' || reason FROM events ORDER BY id");
}

std::vector<KeptRow> RecordView::doubt_decisions() {
  return kept_rows(
      "SELECT id, at_us || ' ' || run || ' ' || chunk || ' ' || decision || ' ' || actor || ' ' || reason"
      " FROM doubt_decisions ORDER BY id");
}

std::int64_t RecordView::count_results(std::int64_t run, const std::string& condition) {
  Rows row{*this,
           "SELECT count(*) FROM attempts JOIN attempt_results ON attempt_results.attempt = attempts.id"
           " WHERE attempts.run = ?1 AND " +
               condition};
  row.bind(1, run);
  row.next();
  return row.integer(0);
}

}  // namespace sluice::simulation
