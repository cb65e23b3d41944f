// SPDX-License-Identifier: MIT
// The record as the checker reads it: plain SQL on a connection of its own, none of the product's code.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "simulation/crash_vfs.hpp"

namespace sluice::simulation {

struct AttemptRow {
  std::int64_t id = 0;
  std::int64_t chunk = 0;
  std::int64_t run = 0;
  std::int64_t number = 0;
  bool is_replay = false;
  std::string nonce;
  std::string key;
  std::string rest;  ///< timestamp and digest
  std::int64_t claimed_at_us = 0;
};

struct ChunkRow {
  std::int64_t id = 0;
  std::int64_t run = 0;
  std::int64_t position = 0;
  std::int64_t devices = 0;
  std::optional<std::int64_t> parent;
  std::string state;
  std::string evidence;
  bool is_unclear = false;
  bool is_replay = false;
  std::int64_t crashes = 0;
  std::string held;
  std::int64_t attempt = 0;
  int stage = 1;
  std::string code;  ///< of its last result
};

struct RunRow {
  std::int64_t id = 0;
  std::string job;
  std::string control;
  bool is_finished = false;
  std::map<std::string, std::int64_t> devices;  ///< by the counter's name: pending, accepted, …
  std::map<std::string, std::int64_t> chunks;
  std::int64_t requests = 0;
  std::int64_t throttled = 0;
  std::string cause;                   ///< of a control that is not active
  std::optional<std::int64_t> parent;  ///< of which it takes devices once more
  int stage = 1;                       ///< the newest that may be sent
  std::optional<std::int64_t> started_at_us;
};

struct StageRow {
  int number = 1;
  std::int64_t devices = 0;
  std::optional<std::int64_t> opened_at_us;
  std::optional<std::int64_t> settled_at_us;
};

struct ApprovalRow {
  int stage = 1;
  bool is_past_gate = false;
};

/// A row of a table that only grows, as one text.
struct KeptRow {
  std::int64_t id = 0;
  std::string text;

  bool operator==(const KeptRow&) const = default;
};

class RecordView {
 public:
  RecordView(Disk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}
  ~RecordView() { close(); }
  RecordView(const RecordView&) = delete;
  RecordView& operator=(const RecordView&) = delete;

  /// Opened when first asked; to be closed before the process is.
  void close();

  std::vector<AttemptRow> attempts_after(std::int64_t id);
  std::vector<ChunkRow> chunks();
  std::optional<ChunkRow> chunk(std::int64_t id);
  std::vector<RunRow> runs();
  std::optional<RunRow> run(std::int64_t id);
  std::vector<StageRow> stages(std::int64_t run);
  std::vector<ApprovalRow> approvals(std::int64_t run);
  std::vector<ChunkRow> chunks_of(std::int64_t run);
  /// Whether a chunk that was never sent could be sent now.
  bool has_fresh_chunk(std::int64_t run, int open_stage, std::int64_t now_us);
  std::string names_of(std::int64_t chunk);
  std::int64_t newest_attempt();
  std::string tenant_pause();
  std::map<std::int64_t, std::string> results();  ///< by attempt, as text
  std::vector<KeptRow> events();
  std::vector<KeptRow> doubt_decisions();
  /// Results that the counters of a run count.
  std::int64_t count_results(std::int64_t run, const std::string& condition);

 private:
  class Rows;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };

  sqlite3_stmt* prepared(const std::string& sql);
  static ChunkRow chunk_of(Rows& row);
  static RunRow run_of(Rows& row);
  std::vector<KeptRow> kept_rows(const std::string& sql);

  Disk& disk_;
  std::string path_;
  sqlite3* db_ = nullptr;
  std::uint64_t epoch_ = 0;
  std::map<std::string, std::unique_ptr<sqlite3_stmt, Finalize>> statements_;
};

}  // namespace sluice::simulation
