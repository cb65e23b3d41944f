// SPDX-License-Identifier: MIT
// What the schema itself guarantees, whoever writes; and how migrations go forward or not at all.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <sys/stat.h>

#include <array>
#include <fstream>

#include "store/sqlite/migrate.hpp"
#include "store/sqlite/migrations.hpp"
#include "store/sqlite/owner_lock.hpp"
#include "store/sqlite/raw_sqlite.hpp"
#include "store/sqlite/store_failure.hpp"
#include "store/store_engines.hpp"
#include "store/store_fixture.hpp"

using namespace sluice;
using namespace sluice::store_tests;

namespace {

/// A store with one run: dev-0 accepted, dev-1 and dev-2 waiting for a replay.
void fill(const SqliteHome& home) {
  const auto store = expect(home.open(noon));
  submit(*store, {1, 2});
  const auto claimed = claim(*store, 2);
  expect(store->settle(accepted(claimed[0])));
  expect(store->settle(silent(claimed[1])));
  expect(store->set_tenant_pause("prod", "reason", noon));
}

Error error_of_opening(const SqliteHome& home) {
  const auto opened = home.open(noon);
  REQUIRE(opened.has_error());
  return opened.error();
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

int newest_known() { return embedded_migrations().back().number; }

}  // namespace

TEST_CASE("store: attempts, their results and events can neither be changed nor removed") {
  const SqliteHome home;
  fill(home);
  RawSqlite raw{home.path()};

  CHECK(contains(raw.error_of("UPDATE attempts SET nonce = 'x'"), "append-only"));
  CHECK(contains(raw.error_of("DELETE FROM attempts"), "append-only"));
  CHECK(contains(raw.error_of("UPDATE attempt_results SET outcome = 'accepted'"), "append-only"));
  CHECK(contains(raw.error_of("DELETE FROM attempt_results"), "append-only"));
  CHECK(contains(raw.error_of("UPDATE events SET reason = ''"), "append-only"));
  CHECK(contains(raw.error_of("DELETE FROM events"), "append-only"));
}

TEST_CASE("store: an event of no run can be removed only if it is older than what is kept") {
  const SqliteHome home;
  fill(home);
  RawSqlite raw{home.path()};
  raw.run("INSERT INTO events (at_us, what) VALUES (1000, 'old'), (2000, 'young')");
  CHECK(contains(raw.error_of("DELETE FROM events WHERE what = 'old'"), "append-only"));

  raw.run("INSERT INTO events_kept VALUES (1, 2000)");

  CHECK(contains(raw.error_of("DELETE FROM events WHERE what = 'young'"), "append-only"));
  raw.run("DELETE FROM events WHERE what = 'old'");
}

TEST_CASE("store: a replay that differs from its first request cannot be recorded") {
  const SqliteHome home;
  fill(home);
  RawSqlite raw{home.path()};
  const std::string insert =
      "INSERT INTO attempts (chunk, run, number, replay_of, replay_number, nonce, timestamp, key_id, digest, "
      "owner,"
      " claimed_at_us, claimed_boottime_ns) SELECT chunk, run, number, id, 1, nonce, timestamp, key_id, ";
  const std::string rest = ", owner, 0, 0 FROM attempts WHERE chunk = 2";

  CHECK(contains(raw.error_of(insert + "'other'" + rest), "repeat the first request"));
  raw.run(insert + "digest" + rest);
}

TEST_CASE("store: a chunk that succeeded cannot be given another state") {
  const SqliteHome home;
  fill(home);
  RawSqlite raw{home.path()};

  CHECK(contains(raw.error_of("UPDATE chunks SET state = 'pending', evidence = 'none' WHERE id = 1"),
                 "does not change"));
  CHECK(contains(raw.error_of("UPDATE chunks SET state = 'done' WHERE id = 2"), "CHECK"));
  CHECK(contains(raw.error_of("UPDATE chunks SET state = 'succeeded', replay = 0 WHERE id = 2"), "CHECK"));
  CHECK(contains(raw.error_of("UPDATE chunks SET state = 'in_flight', replay = 0 WHERE id = 2"), "CHECK"));
  CHECK(contains(raw.error_of("UPDATE runs SET devices_pending = -1"), "CHECK"));
  CHECK(contains(raw.error_of("UPDATE chunks SET due_at_us = 'soon'"), "cannot store TEXT"));
}

TEST_CASE("store: the file is marked as ours and says which migrations made it") {
  const SqliteHome home;
  fill(home);
  RawSqlite raw{home.path()};

  CHECK(raw.value("PRAGMA application_id") == std::to_string(store_application_id));
  CHECK(raw.value("PRAGMA page_size") == "8192");
  CHECK(raw.value("PRAGMA journal_mode") == "wal");
  CHECK(raw.value("SELECT group_concat(number || ' ' || name, ', ') FROM schema_migrations") ==
        "1 0001_runs_chunks_attempts, 2 0002_doubt_and_crashes, 3 0003_rollouts, 4 0004_daemon, 5 "
        "0005_keyed_requests, 6 0006_keeping");
  CHECK(raw.value("SELECT min(length(checksum)) FROM schema_migrations") == "64");
  CHECK(raw.value("PRAGMA integrity_check") == "ok");
  CHECK(raw.value("SELECT count(*) FROM pragma_foreign_key_check") == "0");
}

TEST_CASE("store: a newer schema is refused with both versions, by owner and reader, and left alone") {
  const SqliteHome home;
  fill(home);
  {
    RawSqlite{home.path()}.run("INSERT INTO schema_migrations VALUES (99, 'later', printf('%064d', 0), 0)");
  }

  const Error error = error_of_opening(home);
  CHECK(error.kind == ErrorKind::refused);
  CHECK(contains(error.message, "version 99"));
  CHECK(contains(error.message, fmt::format("up to {}", newest_known())));
  CHECK(kind_of(home.open_reader()) == ErrorKind::refused);
  CHECK(RawSqlite{home.path()}.value("SELECT count(*) FROM owners") == "1");
}

TEST_CASE("store: a reader of an older schema is told what helps: a command, or a moment if one is at it") {
  const ScratchFolder folder;
  const std::string path = folder.file("sluice.db");
  RawSqlite{path}.run("PRAGMA user_version = 0; VACUUM");

  const auto left_alone = open_store_reader(path);
  const OwnerLock at_it{path};
  const auto being_made = open_store_reader(path);

  REQUIRE(left_alone.has_error());
  CHECK(left_alone.error().kind == ErrorKind::refused);
  CHECK(contains(left_alone.error().hint, "sluice resume"));
  REQUIRE(being_made.has_error());
  CHECK(being_made.error().kind == ErrorKind::storage_busy);
  CHECK(contains(being_made.error().message, "is just being made or brought up to date"));
}

TEST_CASE("store: a migration whose text has changed is refused") {
  const SqliteHome home;
  fill(home);
  {
    RawSqlite{home.path()}.run("UPDATE schema_migrations SET checksum = printf('%064d', 0)");
  }

  const Error error = error_of_opening(home);
  CHECK(error.kind == ErrorKind::refused);
  CHECK(contains(error.message, "migration 1"));
}

TEST_CASE("store: a missing migration row is refused, not applied again") {
  const SqliteHome home;
  fill(home);
  {
    RawSqlite{home.path()}.run("DELETE FROM schema_migrations");
  }

  CHECK(home.open(noon).has_error());
  CHECK(kind_of(home.open_reader()) == ErrorKind::refused);
}

TEST_CASE("store: another program's database is refused and left alone") {
  const SqliteHome home;
  {
    RawSqlite{home.path()}.run("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)");
  }

  CHECK(error_of_opening(home).kind == ErrorKind::refused);
  CHECK(kind_of(home.open_reader()) == ErrorKind::refused);
  RawSqlite raw{home.path()};
  CHECK(raw.value("SELECT count(*) FROM sqlite_schema") == "1");
  CHECK(raw.value("PRAGMA journal_mode") == "delete");
}

TEST_CASE("store: a migration that fails leaves the schema as it was") {
  const SqliteHome home;
  fill(home);
  std::vector<Migration> migrations(embedded_migrations().begin(), embedded_migrations().end());
  migrations.push_back(
      {newest_known() + 1, "half", "CREATE TABLE half (x INTEGER) STRICT; INSERT INTO nowhere VALUES (1);"});
  {
    Connection connection{home.path(), Connection::Access::owner};
    connection.prepare_for_writing();
    CHECK(examine_schema(connection, migrations) == SchemaState::older);
    CHECK_THROWS_AS(migrate(connection, migrations, noon), StoreFailure);
    CHECK(examine_schema(connection, embedded_migrations()) == SchemaState::current);
  }

  CHECK(RawSqlite{home.path()}.value("SELECT count(*) FROM sqlite_schema WHERE name = 'half'") == "0");
  expect(home.open(noon));
}

TEST_CASE(
    "store: what an older sluice has written is kept as it was beside what becomes of it, for the user "
    "alone") {
  const SqliteHome home;
  {
    std::ofstream{home.path()};
    Connection db{home.path(), Connection::Access::owner};
    db.prepare_for_writing();
    migrate(db, embedded_migrations().first(1), noon);
  }
  // What a program that was killed in the middle may have left.
  std::ofstream{home.path() + ".schema-1"} << "half of one";

  expect(home.open(noon));

  const std::string newest = std::to_string(embedded_migrations().back().number);
  CHECK(RawSqlite{home.path()}.value("SELECT max(number) FROM schema_migrations") == newest);
  CHECK(RawSqlite{home.path() + ".schema-1"}.value("SELECT max(number) FROM schema_migrations") == "1");
  struct stat found{};
  REQUIRE(stat((home.path() + ".schema-1").c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
}

TEST_CASE("store: migrations are applied in order, each once") {
  const SqliteHome home;
  fill(home);
  std::vector<Migration> migrations(embedded_migrations().begin(), embedded_migrations().end());
  const int newest = newest_known();
  migrations.push_back({newest + 1, "more", "CREATE TABLE more (x INTEGER) STRICT;"});
  migrations.push_back({newest + 2, "most", "INSERT INTO more VALUES (7);"});
  Connection connection{home.path(), Connection::Access::owner};
  connection.prepare_for_writing();

  migrate(connection, migrations, noon + 1s);
  migrate(connection, migrations, noon + 2s);

  CHECK(connection.query("SELECT count(*) FROM more").next());
  Statement row = connection.query(
      "SELECT group_concat(number), max(applied_at_us) FROM schema_migrations WHERE number >= ?1", newest);
  REQUIRE(row.next());
  CHECK(row.text(0) == fmt::format("{},{},{}", newest, newest + 1, newest + 2));
  CHECK(row.time(1) == noon + 1s);
}
