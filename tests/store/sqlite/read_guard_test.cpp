// SPDX-License-Identifier: MIT
// What a reading connection refuses to do, whatever it is told.
#include "store/sqlite/read_guard.hpp"

#include <doctest/doctest.h>

#include "sluice/store/bounded_reader.hpp"
#include "sluice/store/pages.hpp"
#include "store/sqlite/store_failure.hpp"
#include "store/store_engines.hpp"
#include "store/store_fixture.hpp"

using namespace sluice;
using namespace sluice::store_tests;

TEST_CASE("store: a guarded connection selects, and does nothing else") {
  const SqliteHome home;
  const auto store = expect(home.open(noon));
  submit(*store, {1});
  Connection connection{home.path(), Connection::Access::reader};
  const ReadGuard guard{connection};

  CHECK(connection.query("SELECT count(*) FROM runs").next());
  CHECK_THROWS_AS(connection.query("DELETE FROM runs"), StoreFailure);
  CHECK_THROWS_AS(connection.query("UPDATE runs SET rate = 99"), StoreFailure);
  CHECK_THROWS_AS(connection.query("CREATE TABLE mine (x)"), StoreFailure);
  CHECK_THROWS_AS(connection.query("CREATE TEMP TABLE mine (x)"), StoreFailure);
  CHECK_THROWS_AS(connection.query("ATTACH 'other.db' AS other"), StoreFailure);
  CHECK_THROWS_AS(connection.query("PRAGMA query_only = OFF"), StoreFailure);
  CHECK_THROWS_AS(connection.query("SELECT load_extension('evil')"), StoreFailure);
  CHECK_THROWS_AS(connection.query("SELECT randomblob(1000000000)"), StoreFailure);
  CHECK_THROWS_AS(
      connection.query(
          "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"),
      StoreFailure);
}

TEST_CASE("store: what takes longer than a call may is given up, and the next call is heard") {
  const SqliteHome home;
  const auto store = expect(home.open(noon));
  submit(*store, std::vector<int>(2'000, 1));
  const auto hurried = expect(open_bounded_reader(home.path(), 0ms));
  const auto reader = expect(open_bounded_reader(home.path(), 10min));
  const ChunksWanted wanted{.run = RunId{1}, .state = ChunkState::failed};

  expect(hurried->begin_call());
  const auto given_up = hurried->pages().chunks_page(wanted);
  hurried->end_call();
  expect(reader->begin_call());
  const auto answered = reader->pages().chunks_page(wanted);
  reader->end_call();

  CHECK(kind_of(given_up) == ErrorKind::storage_busy);
  CHECK(expect(answered).rows.empty());
  expect(hurried->begin_call());
  hurried->end_call();
  CHECK(expect(hurried->runs(1)).size() == 1);
}
