// SPDX-License-Identifier: MIT
// If the simulated disk kept what a real one loses, the simulation would find nothing.
#include "simulation/crash_vfs.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

namespace {

using namespace sluice::simulation;

/// A file as SQLite uses it.
class OpenFile {
 public:
  explicit OpenFile(const char* name) : bytes_(static_cast<std::size_t>(vfs()->szOsFile)) {
    REQUIRE(vfs()->xOpen(vfs(), name, file(), SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READWRITE, nullptr) ==
            SQLITE_OK);
  }
  ~OpenFile() { file()->pMethods->xClose(file()); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  int write(const std::string& text, std::int64_t at = 0) {
    return file()->pMethods->xWrite(file(), text.data(), static_cast<int>(text.size()), at);
  }
  int sync() { return file()->pMethods->xSync(file(), SQLITE_SYNC_NORMAL); }
  int lock(int level) { return file()->pMethods->xLock(file(), level); }

 private:
  static sqlite3_vfs* vfs() { return sqlite3_vfs_find("crash"); }
  sqlite3_file* file() { return reinterpret_cast<sqlite3_file*>(bytes_.data()); }

  std::vector<char> bytes_;
};

struct Scene {
  Scene() { vfs.mount(disk); }

  std::string content() const { return disk.live_image().files["a"]; }

  CrashVfs vfs;
  Disk disk;
};

/// What hundreds of power cuts leave of the same disk.
std::vector<std::string> left_by_power_cuts(const std::string& synced, const std::string& unsynced,
                                            bool sync_fails) {
  std::vector<std::string> left;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Scene scene;
    {
      OpenFile file{"a"};
      file.write(synced);
      REQUIRE(file.sync() == SQLITE_OK);
      file.write(unsynced);
      if (sync_fails) {
        scene.disk.judge = [](DiskCall, const std::string&) { return DiskVerdict::io_error; };
        CHECK(file.sync() != SQLITE_OK);
        scene.disk.judge = nullptr;
        CHECK(file.sync() == SQLITE_OK);
        CHECK(scene.content() == unsynced);
      }
    }
    Dice dice{seed};
    scene.disk.kill();
    scene.disk.lose_power(dice);
    left.push_back(scene.content());
  }
  return left;
}

int count(const std::vector<std::string>& texts, const std::string& text) {
  return static_cast<int>(std::count(texts.begin(), texts.end(), text));
}

/// A store of one table, written to with that setting.
void write_a_row(const char* synchronous) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open("db", &db) == SQLITE_OK);
  sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  const std::string script =
      std::string{
          "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (x);"
          "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA synchronous = "} +
      synchronous + "; INSERT INTO t VALUES (7);";
  CHECK(sqlite3_exec(db, script.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close_v2(db);
}

int rows_found() {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open("db", &db) == SQLITE_OK);
  int rows = -1;
  const auto take = [](void* to, int, char** values, char**) {
    *static_cast<int*>(to) = std::stoi(values[0]);
    return 0;
  };
  sqlite3_exec(db, "SELECT count(*) FROM t", take, &rows, nullptr);
  sqlite3_close_v2(db);
  return rows;
}

}  // namespace

TEST_CASE("crash_vfs: a kill leaves what was written, synced or not") {
  Scene scene;
  {
    OpenFile file{"a"};
    file.write("written");
    scene.disk.kill();
  }

  CHECK(scene.content() == "written");
  CHECK_FALSE(scene.disk.is_durable("a"));
}

TEST_CASE("crash_vfs: a power cut leaves what was synced, and may leave what was not") {
  const std::vector<std::string> left = left_by_power_cuts("old", "new", /*sync_fails=*/false);

  CHECK(count(left, "old") > 100);
  CHECK(count(left, "new") > 50);
  CHECK(count(left, "old") + count(left, "new") == 300);
}

TEST_CASE("crash_vfs: a write may be torn between two sectors") {
  const std::string one(1024, 'o');
  const std::string other(1024, 'n');

  const std::vector<std::string> left = left_by_power_cuts(one, other, /*sync_fails=*/false);

  CHECK(count(left, std::string(512, 'n') + std::string(512, 'o')) > 5);
  CHECK(count(left, std::string(512, 'o') + std::string(512, 'n')) == 0);
}

TEST_CASE(
    "crash_vfs: what a failed sync was for is lost, although everybody sees it and the next sync succeeds") {
  const std::vector<std::string> left = left_by_power_cuts("old", "new", /*sync_fails=*/true);

  CHECK(count(left, "old") == 300);
}

TEST_CASE("crash_vfs: a dead process writes nothing more, and its locks are gone") {
  Scene scene;
  OpenFile file{"a"};
  file.write("before");
  REQUIRE(file.lock(SQLITE_LOCK_SHARED) == SQLITE_OK);
  REQUIRE(file.lock(SQLITE_LOCK_RESERVED) == SQLITE_OK);
  OpenFile beside{"a"};
  REQUIRE(beside.lock(SQLITE_LOCK_SHARED) == SQLITE_OK);
  CHECK(beside.lock(SQLITE_LOCK_RESERVED) == SQLITE_BUSY);

  scene.disk.kill();

  CHECK(file.write("behind") != SQLITE_OK);
  CHECK(file.sync() != SQLITE_OK);
  CHECK(scene.content() == "before");
  OpenFile next{"a"};
  CHECK(next.lock(SQLITE_LOCK_SHARED) == SQLITE_OK);
  CHECK(next.lock(SQLITE_LOCK_RESERVED) == SQLITE_OK);
}

TEST_CASE("crash_vfs: SQLite keeps a synced commit over every power cut, and may lose one that is not") {
  int kept_when_full = 0;
  int kept_when_normal = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    for (const char* synchronous : {"FULL", "NORMAL"}) {
      CAPTURE(seed);
      CAPTURE(synchronous);
      Scene scene;
      write_a_row(synchronous);
      Dice dice{seed};
      scene.disk.kill();
      scene.disk.lose_power(dice);

      const int rows = rows_found();

      CHECK(rows >= 0);
      (std::string{synchronous} == "FULL" ? kept_when_full : kept_when_normal) += rows;
    }
  }
  CHECK(kept_when_full == 40);
  CHECK(kept_when_normal < 40);
  CHECK(kept_when_normal > 0);
}
