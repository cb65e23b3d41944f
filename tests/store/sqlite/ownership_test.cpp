// SPDX-License-Identifier: MIT
// One owner at a time, what a killed one leaves behind, and what is done about a disk that fails.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "store/killed_process.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/failing_vfs.hpp"
#include "store/sqlite/raw_sqlite.hpp"
#include "store/sqlite/store_failure.hpp"
#include "store/store_engines.hpp"
#include "store/store_fixture.hpp"

using namespace sluice;
using namespace sluice::store_tests;

namespace {

namespace fs = std::filesystem;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("store: a second owner is refused by the first one's process id, also through a symbolic link") {
  const SqliteHome home;
  const auto store = expect(home.open(noon));
  const ScratchFolder elsewhere;
  fs::create_symlink(home.path(), elsewhere.file("link.db"));

  for (const std::string& path : {home.path(), elsewhere.file("link.db")}) {
    const auto second = open_store(path, noon);
    REQUIRE(second.has_error());
    CHECK(second.error().kind == ErrorKind::refused);
    CHECK(contains(second.error().message, "is in use by process " + std::to_string(getpid())));
  }
}

TEST_CASE("store: what a killed process had in flight is found and recovered by the next one") {
  const SqliteHome home;
  in_killed_process([&] {
    auto opened = home.open(noon);
    Store& store = *or_die(opened);
    submit(store, {3, 2});
    if (claim(store, 1).size() != 1) _exit(2);
    // Opened to be left: the process ends with the store open.
    static_cast<void>(or_die(opened).release());
  });
  CHECK(fs::file_size(home.path() + "-wal") > 0);

  const auto store = expect(home.open(noon + 1s));
  CHECK_FALSE(store->silent_for().has_value());
  const auto recovered = expect(store->recover(
      [](const UnresolvedAttempt& attempt) { return recover(attempt.facts, ChunkPolicy{}, noon + 1s); },
      noon + 1s));

  CHECK(recovered == 1);
  const auto claimed = claim(*store, 9, noon + 1s);
  REQUIRE(claimed.size() == 2);
  CHECK(claimed[0].is_replay);
  CHECK(claimed[0].names == names(0, 3));
}

TEST_CASE("store: the commits of a killed process are moved into the database file at open") {
  const SqliteHome home;
  in_killed_process([&] {
    auto opened = home.open(noon);
    submit(*or_die(opened), {1});
    static_cast<void>(or_die(opened).release());
  });
  FailingVfs disk;

  const auto store = expect(home.open(noon));

  CHECK(disk.syncs() >= 3);  // the log, the database, the boot row
  // What the log holds now is the boot row alone; the run is in the file itself.
  CHECK(fs::file_size(home.path() + "-wal") < 8 * 8192);
}

TEST_CASE("store: a reader that is just the first to read the log through does not keep the owner out") {
  const SqliteHome home;
  expect(home.open(noon));
  FailingVfs disk;
  disk.let_checkpoints_be_refused(3);

  const auto opened = home.open(noon + 1s);

  CHECK_FALSE(opened.has_error());
  CHECK(disk.refused_checkpoints_left() == 0);
}

TEST_CASE("store: an owner that closed says how long the store was silent") {
  const SqliteHome home;
  {
    const auto store = expect(home.open(noon));
    CHECK(store->silent_for().value() >= 24h);  // nobody ever sent
    submit(*store, {1});
  }
  {
    const auto store = expect(home.open(noon));
    CHECK(store->silent_for().value() >= 24h);
    claim_one(*store);
  }

  {
    const auto store = expect(home.open(noon));
    REQUIRE(store->silent_for().has_value());
    CHECK(*store->silent_for() >= 0s);
    CHECK(*store->silent_for() < 10min);
  }
  RawSqlite{home.path()}.run("UPDATE owners SET boot_id = 'another start of the machine'");
  CHECK_FALSE(expect(home.open(noon))->silent_for().has_value());
}

TEST_CASE("store: folders and files are made for the user alone") {
  const ScratchFolder folder;
  const std::string path = folder.file("new/er/sluice.db");

  const auto store = expect(open_store(path, noon));

  const auto mode = [](const std::string& name) {
    struct stat found{};
    REQUIRE(stat(name.c_str(), &found) == 0);
    return found.st_mode & 0777;
  };
  CHECK(mode(folder.file("new")) == 0700);
  CHECK(mode(folder.file("new/er")) == 0700);
  CHECK(mode(path) == 0600);
  CHECK(mode(path + "-wal") == 0600);
  CHECK(mode(path + ".lock") == 0600);
}

TEST_CASE("store: a file that is no database is refused and keeps its bytes") {
  const SqliteHome home;
  const std::string text(5000, 'x');
  std::ofstream{home.path()} << text;

  const auto opened = home.open(noon);

  REQUIRE(opened.has_error());
  CHECK(opened.error().kind == ErrorKind::storage_lost);
  CHECK(contains(opened.error().message, home.path()));
  CHECK(contains(opened.error().hint, "not a store"));
  CHECK(kind_of(home.open_reader()) == ErrorKind::storage_lost);
  std::ifstream file{home.path()};
  CHECK(std::string{std::istreambuf_iterator<char>{file}, {}} == text);
}

TEST_CASE("store: a truncated file is refused as damaged") {
  const SqliteHome home;
  {
    submit(*expect(home.open(noon)), std::vector<int>(200, 100));
  }
  const auto whole = fs::file_size(home.path());
  fs::resize_file(home.path(), whole / 2 / 8192 * 8192);

  const auto opened = home.open(noon);

  REQUIRE(opened.has_error());
  CHECK(opened.error().kind == ErrorKind::storage_lost);
  CHECK(contains(opened.error().hint, "damaged"));
  CHECK(home.open_reader().has_error());
}

TEST_CASE(
    "store: damage under a process that was killed is found at open, with how to save what can be read") {
  const SqliteHome home;
  in_killed_process([&] {
    auto opened = home.open(noon);
    submit(*or_die(opened), std::vector<int>(200, 100));
    static_cast<void>(or_die(opened).release());
  });
  {
    RawSqlite{home.path()}.run("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  const std::string names = "dev-5000";
  std::fstream file{home.path(), std::ios::in | std::ios::out | std::ios::binary};
  const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
  const auto page = bytes.find(names) / 8192 * 8192;
  file.seekp(static_cast<std::streamoff>(page));
  file << std::string(64, 'x') << std::flush;

  const auto opened = home.open(noon);

  REQUIRE(opened.has_error());
  CHECK(opened.error().kind == ErrorKind::storage);
  CHECK(contains(opened.error().message, home.path()));
  CHECK(contains(opened.error().hint,
                 "Restore a backup, or save what can be read: sqlite3 '" + home.path() + "' .recover"));
}

TEST_CASE("store: a folder that cannot be made or written is named in the error") {
  const auto opened = open_store("/proc/sluice/sluice.db", noon);

  REQUIRE(opened.has_error());
  CHECK(opened.error().kind == ErrorKind::storage);
  CHECK(contains(opened.error().message, "/proc/sluice"));
  CHECK(contains(opened.error().hint, "--store"));
  CHECK(kind_of(open_store("/tmp", noon)) == ErrorKind::invalid_input);
}

TEST_CASE("store: after a failed sync nothing more is written, and the next owner finds the truth") {
  const SqliteHome home;
  RunId run;
  {
    FailingVfs disk;
    const auto store = expect(home.open(noon));
    run = submit(*store, {1, 1});
    const auto claimed = claim(*store, 2);
    disk.let_syncs_end_with(SQLITE_IOERR_FSYNC);

    CHECK(kind_of(store->settle(accepted(claimed[0]))) == ErrorKind::storage_lost);

    disk.let_syncs_end_with(SQLITE_OK);
    const auto refused = store->settle(accepted(claimed[1]));
    REQUIRE(refused.has_error());
    CHECK(refused.error().kind == ErrorKind::storage_lost);
    CHECK(contains(refused.error().message, "nothing more is recorded until a restart"));
    CHECK(store->run(run).has_error());
    CHECK(store->begin().has_error());
    const int syncs = disk.syncs();
    const auto written = fs::last_write_time(home.path());
    CHECK(store->set_run_control({.run = run, .control = RunControl::paused, .now = noon}).has_error());
    CHECK(disk.syncs() == syncs);
    CHECK(fs::last_write_time(home.path()) == written);
  }

  const auto store = expect(home.open(noon));
  CHECK_FALSE(store->silent_for().has_value());
  CHECK(expect(store->recover(
            [](const UnresolvedAttempt&) { return Transition{.state = ChunkState::in_doubt}; }, noon)) >= 1);
}

TEST_CASE("store: a new store whose change to WAL fails is not used in another mode") {
  const SqliteHome home;
  FailingVfs disk;
  disk.let_one_sync_fail();

  const auto failed = home.open(noon);

  REQUIRE(failed.has_error());
  CHECK(failed.error().kind == ErrorKind::storage_lost);
  CHECK(home.open(noon).has_value());
}

TEST_CASE("store: a read that fails stops the store with path and code, and no chunk changes its state") {
  const SqliteHome home;
  FailingVfs disk;
  RunId run;
  {
    // More than SQLite keeps in memory.
    run = submit(*expect(home.open(noon)), std::vector<int>(3000, 100));
  }
  {
    const auto store = expect(home.open(noon));
    disk.let_reads_end_with(SQLITE_IOERR_READ);

    const auto failed =
        store->claim({.tenant = "prod", .limit = 1, .now = noon, .make_intent = fresh_intent});

    REQUIRE(failed.has_error());
    CHECK(failed.error().kind == ErrorKind::storage_lost);
    CHECK(contains(failed.error().message, home.path()));
    CHECK(contains(failed.error().message, "SQLite " + std::to_string(SQLITE_IOERR_READ)));
    disk.let_reads_end_with(SQLITE_OK);
    CHECK(kind_of(store->run(run)) == ErrorKind::storage_lost);
  }

  const auto store = expect(home.open(noon));
  CHECK(record_of(*store, run).chunks == StateCounts{.pending = 3000});
  CHECK(claim(*store, 1).size() == 1);
}

TEST_CASE("store: a full disk fails the verb and nothing else") {
  const SqliteHome home;
  FailingVfs disk;
  const auto store = expect(home.open(noon));
  const RunId run = submit(*store, {1});
  const ClaimedChunk claimed = claim_one(*store);
  disk.let_writes_end_with(SQLITE_FULL);

  const auto full = store->settle(accepted(claimed));
  REQUIRE(full.has_error());
  CHECK(full.error().kind == ErrorKind::storage);
  CHECK(contains(full.error().message, "cannot write: database or disk is full"));
  CHECK(contains(full.error().hint, "disk is full"));
  // What failed may be a `run`: once more, it would queue everything a second time.
  CHECK_FALSE(contains(full.error().hint, "again"));
  CHECK(record_of(*store, run).chunks.in_flight == 1);

  disk.let_writes_end_with(SQLITE_OK);
  expect(store->settle(accepted(claimed)));
  CHECK(record_of(*store, run).chunks.accepted == 1);
}

TEST_CASE("store: a group that the disk cut off says so at its end and leaves nothing") {
  const SqliteHome home;
  FailingVfs disk;
  const auto store = expect(home.open(noon));
  const RunId run = submit(*store, {1, 1});
  const auto claimed = claim(*store, 2);

  expect(store->begin());
  expect(store->settle(accepted(claimed[0])));
  disk.let_writes_end_with(SQLITE_FULL);
  const bool failed_at_once = store->settle(accepted(claimed[1])).has_error();
  CHECK(store->commit().has_error());
  CAPTURE(failed_at_once);

  disk.let_writes_end_with(SQLITE_OK);
  CHECK(record_of(*store, run).chunks == StateCounts{.in_flight = 2});
  expect(store->settle(accepted(claimed[0])));
}

TEST_CASE("store: a reader never moves the log into the database, and its close leaves the log alone") {
  const SqliteHome home;
  in_killed_process([&] {
    auto opened = home.open(noon);
    submit(*or_die(opened), {1});
    static_cast<void>(or_die(opened).release());
  });
  const auto log_size = fs::file_size(home.path() + "-wal");
  const auto database_written = fs::last_write_time(home.path());

  {
    CHECK(expect(expect(home.open_reader())->runs(9)).size() == 1);
  }

  CHECK(fs::file_size(home.path() + "-wal") == log_size);
  CHECK(fs::last_write_time(home.path()) == database_written);
}

TEST_CASE("store: a reading connection can neither write nor checkpoint") {
  const SqliteHome home;
  const auto store = expect(home.open(noon));
  submit(*store, {1});
  Connection reader{home.path(), Connection::Access::reader};

  CHECK_THROWS_AS(reader.run("UPDATE runs SET endpoint = ''"), StoreFailure);
  CHECK_THROWS_AS(reader.run("PRAGMA wal_checkpoint(PASSIVE)"), StoreFailure);
}

TEST_CASE("store: a store in memory keeps the same promises as one in a file") {
  const auto store = expect(open_memory_store(noon));
  const RunId run = submit(*store, {2});

  expect(store->settle(accepted(claim_one(*store))));

  CHECK(record_of(*store, run).devices == StateCounts{.accepted = 2});
  CHECK(store->has_owner());
}
