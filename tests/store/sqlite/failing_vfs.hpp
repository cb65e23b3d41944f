// SPDX-License-Identifier: MIT
// SQLite on a disk that fails on demand: stands between SQLite and the real file system for one scope, as the
// default of every connection that is opened in it.
#pragma once

#include <sqlite3.h>

namespace sluice::store_tests {

class FailingVfs {
 public:
  FailingVfs();
  ~FailingVfs();
  FailingVfs(const FailingVfs&) = delete;
  FailingVfs& operator=(const FailingVfs&) = delete;

  /// SQLITE_OK: the disk works.
  void let_syncs_end_with(int code) { sync_code_ = code; }
  /// The next one alone.
  void let_one_sync_fail() { fails_one_sync_ = true; }
  void let_writes_end_with(int code) { write_code_ = code; }
  void let_reads_end_with(int code) { read_code_ = code; }
  /// The next ones find that somebody else is moving the log, or reading it through.
  void let_checkpoints_be_refused(int times) { refused_checkpoints_ = times; }
  int refused_checkpoints_left() const { return refused_checkpoints_; }
  int syncs() const { return syncs_; }

 private:
  struct File;
  struct Methods;

  sqlite3_vfs vfs_{};
  sqlite3_vfs* real_ = nullptr;
  int sync_code_ = SQLITE_OK;
  bool fails_one_sync_ = false;
  int write_code_ = SQLITE_OK;
  int read_code_ = SQLITE_OK;
  int refused_checkpoints_ = 0;
  int syncs_ = 0;
};

}  // namespace sluice::store_tests
