// SPDX-License-Identifier: MIT
// What is taken out of the record, what stays, and that no half of it is ever seen.
#include "sluice/engine/prune.hpp"

#include <doctest/doctest.h>
#include <sqlite3.h>

#include "sluice/store/audit_log.hpp"
#include "sluice/store/event_book.hpp"
#include "sluice/store/figures.hpp"
#include "sluice/store/job_files.hpp"
#include "sluice/store/schedule_book.hpp"
#include "store/store_engines.hpp"
#include "store/store_fixture.hpp"

using namespace sluice;
using namespace sluice::store_tests;

namespace {

const auto always = [] { return true; };

RunId finished_run(Store& store, int chunks, UtcTime at, const std::string& tenant = "prod") {
  const RunId run = submit(store, std::vector<int>(static_cast<std::size_t>(chunks), 2), tenant, at);
  for (const ClaimedChunk& chunk : claim(store, chunks, at, tenant, {run})) {
    expect(store.settle(accepted(chunk, at + 1s)));
  }
  return run;
}

std::int64_t count(const std::string& file, const std::string& query) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open_v2(file.c_str(), &db, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK);
  sqlite3_stmt* statement = nullptr;
  REQUIRE(sqlite3_prepare_v2(db, query.c_str(), -1, &statement, nullptr) == SQLITE_OK);
  std::int64_t rows = 0;
  if (sqlite3_step(statement) == SQLITE_ROW) rows = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  sqlite3_close(db);
  return rows;
}

/// A schedule of which one tick fired, one was skipped and one failed, at these times.
void decide_three_ticks(Store& store, UtcTime at) {
  using Verdict = TickDecision::Verdict;
  const ScheduleId schedule = expect(store.schedule_book().add_schedule(
      {.name = "nightly", .job_text = "{}", .folder = "/jobs", .actor = "wang", .now = at}));
  const auto recorded = expect(store.schedule_book().record_ticks(
      {.schedule = schedule,
       .revision = 1,
       .kind = TickKind::scheduled,
       .decisions = {{.id = {}, .at = at, .verdict = Verdict::fire},
                     {.id = {}, .at = at + 1s, .verdict = Verdict::skip, .reason = SkipReason::overlap},
                     {.id = {}, .at = at + 2s, .verdict = Verdict::fire}},
       .decided_to = {},
       .now = at}));
  const RunId run =
      expect(store.create_run({.job_name = "job",
                               .tenant = "prod",
                               .endpoint = "https://iot.example",
                               .job_text = "{}",
                               .rate = 8,
                               .created_at = at,
                               .origin = {.tick = recorded.at(0).id, .job_file = {}, .job_revision = 0}}));
  expect(store.add_chunks(run, {{.devices = 1, .names = "dev-0\n"}}));
  expect(store.seal_run(run, 0));
  expect(store.schedule_book().fail_tick(recorded.at(2).id, "it cannot be read", at));
}

bool is_there(Store& store, RunId run) { return expect(store.run(run)).has_value(); }

}  // namespace

TEST_CASE("prune: runs that ended long enough ago are taken out, and one row of each stays") {
  const SqliteHome home;
  const auto store = expect(home.open(noon));
  const RunId old = finished_run(*store, 3, noon);
  const RunId young = finished_run(*store, 3, noon + 24h);

  const PruneReport report = expect(prune(*store, {.runs_for = 24h}, noon + 24h + 2s, always));

  REQUIRE(report.runs.size() == 1);
  CHECK(report.runs[0] == PrunableRun{old, "job", "prod", noon + 1s, 6});
  // 3 chunks, each with its devices, an attempt and a result; the job's text, the run, and three events of
  // it.
  CHECK(report.rows == 3 * 4 + 1 + 1 + 3);
  CHECK_FALSE(is_there(*store, old));
  CHECK(is_there(*store, young));
  check_counters(*store, young);
  CHECK(count(home.path(), "SELECT accepted FROM pruned_runs WHERE run = 1") == 6);
  CHECK(count(home.path(), "SELECT count(*) FROM attempts WHERE run = 1") == 0);
  CHECK(count(home.path(), "SELECT count(*) FROM pragma_foreign_key_check") == 0);
}

TEST_CASE("prune: what is unfinished, in doubt, or the parent of a run that is kept stays") {
  const SqliteHome home;
  const auto store = expect(home.open(noon));
  const RunId unfinished = submit(*store, {1}, "a");
  const RunId doubtful = submit(*store, {1}, "b");
  expect(store->settle(settlement(claim(*store, 1, noon, "b").front(), OutcomeKind::answered_unclear,
                                  {.state = ChunkState::in_doubt})));
  const RunId parent = finished_run(*store, 1, noon, "c");
  const RunId child = expect(store->create_run({.job_name = "again",
                                                .tenant = "c",
                                                .endpoint = "https://iot.example",
                                                .job_text = "{}",
                                                .rate = 8,
                                                .created_at = noon,
                                                .purpose = RunPurpose::retry,
                                                .parent = parent}));
  expect(store->add_chunks(child, {{.devices = 1, .names = "dev-0\n"}}));
  expect(store->seal_run(child, 0));

  CHECK(expect(prune(*store, {.runs_for = 0s}, noon + 1h, always)).runs.empty());
  for (const RunId run : {unfinished, doubtful, parent, child}) {
    CHECK(is_there(*store, run));
    CHECK(kind_of(store->housekeeping().prune_step(run, 500, noon)) == ErrorKind::refused);
  }
}

TEST_CASE(
    "prune: the run of the newest attempt stays, or the store would look like an older copy of itself") {
  const SqliteHome home;
  RunId newest;
  {
    const auto store = expect(home.open(noon));
    finished_run(*store, 2, noon);
    newest = finished_run(*store, 2, noon + 1s);
    CHECK(expect(prune(*store, {.runs_for = 0s}, noon + 1h, always)).runs.size() == 1);
    CHECK(kind_of(store->housekeeping().prune_step(newest, 500, noon)) == ErrorKind::refused);
    submit(*store, {1}, "prod", noon + 2s);
  }

  const auto store = expect(home.open(noon + 1h));

  CHECK(is_there(*store, newest));
  CHECK(claim(*store, 10, noon + 1h).size() == 1);  // nothing is held in doubt
}

TEST_CASE("prune: a step takes about so many rows, and a run that is half gone is seen by nobody") {
  const SqliteHome home;
  RunId old;
  RunId kept;
  {
    const auto store = expect(home.open(noon));
    old = finished_run(*store, 40, noon);
    finished_run(*store, 1, noon + 1h, "other");
    kept = submit(*store, {2, 2}, "prod", noon + 2s);
    const PruneStep step = expect(store->housekeeping().prune_step(old, 50, noon + 1h));
    CHECK(step.rows >= 50);
    CHECK(step.rows < 50 + 4);
    CHECK_FALSE(step.is_done);
    CHECK_FALSE(is_there(*store, old));
    CHECK(expect(store->runs(10)).size() == 2);
  }
  // The process is gone in between; what it left is neither sent nor counted, and is taken out to its end.
  const auto store = expect(home.open(noon + 1h));
  check_counters(*store, kept);
  CHECK(claim(*store, 10, noon + 1h).size() == 2);
  CHECK(count(home.path(), "SELECT count(*) FROM pragma_foreign_key_check") == 0);
  const PruneReport report = expect(prune(*store, {.runs_for = 24h}, noon + 1h, always));

  CHECK(report.rows > 0);
  CHECK(expect(store->housekeeping().half_pruned_runs()).empty());
  CHECK(count(home.path(), "SELECT count(*) FROM chunks WHERE run = 1") == 0);
  CHECK(count(home.path(), "SELECT count(*) FROM runs") == 2);
}

TEST_CASE("prune: it stops when it is told to, and goes on the next time") {
  const SqliteHome home;
  const auto store = expect(home.open(noon));
  finished_run(*store, 300, noon);
  finished_run(*store, 1, noon + 60s);
  int steps = 0;

  expect(prune(*store, {.runs_for = 0s}, noon + 1h, [&] { return ++steps <= 2; }));
  CHECK(expect(store->housekeeping().half_pruned_runs()).size() == 1);
  expect(prune(*store, {.runs_for = 0s}, noon + 1h, always));

  CHECK(expect(store->housekeeping().half_pruned_runs()).empty());
}

TEST_CASE("prune: beyond the size that is wanted the oldest runs go before their time") {
  const SqliteHome home;
  const auto store = expect(home.open(noon));
  const RunId oldest = finished_run(*store, 300, noon);
  const RunId newer = finished_run(*store, 300, noon + 60s);
  const StoreFigures full = expect(store->figures().read_figures(noon));
  const std::int64_t used = full.database_bytes - full.free_bytes;

  const PruneReport report =
      expect(prune(*store, {.runs_for = 240h, .bytes_max = used - 4096}, noon + 1h, always));

  REQUIRE(report.runs.size() == 1);
  CHECK(report.runs[0].run == oldest);
  CHECK(is_there(*store, newer));
}

TEST_CASE("prune: an audit that strangers have made grow drives no run out of the record") {
  const SqliteHome home;
  const auto store = expect(home.open(noon));
  finished_run(*store, 300, noon);
  finished_run(*store, 300, noon + 60s);
  const StoreFigures before = expect(store->figures().read_figures(noon));
  for (int i = 0; i < 2000; ++i) {
    expect(store->audit_log().append({.at = noon,
                                      .actor = "unknown",
                                      .origin = "192.0.2.1",
                                      .action = "login_failed",
                                      .target = std::string(200, 'x')}));
  }
  const StoreFigures after = expect(store->figures().read_figures(noon));
  const std::int64_t grown_by = after.database_bytes - after.free_bytes - before.database_bytes;
  // The runs as they were, and a tenth of the audit for what its pages have besides its rows.
  const std::int64_t bytes_max = before.database_bytes + grown_by / 10;

  const PruneReport report =
      expect(prune(*store, {.runs_for = 240h, .bytes_max = bytes_max}, noon + 1h, always));

  CHECK(grown_by > 2000 * 264);  // 200 bytes of target and a hash of 64 each
  CHECK(report.runs.empty());
}

TEST_CASE("prune: what belongs to no run goes by the same age, and what has just happened stays") {
  const SqliteHome home;
  const auto store = expect(home.open(noon));
  expect(store->event_book().note_event({.at = noon, .what = "daemon_started"}));
  expect(store->event_book().note_event({.at = noon + 24h, .what = "daemon_stopping"}));
  expect(store->event_book().note_event({.at = noon + 48h, .what = "daemon_started"}));
  for (const UtcTime at : {noon, noon + 24h}) {
    const std::string name = at == noon ? "old.json" : "young.json";
    expect(store->job_file_book().note_job_file(
        {.name = name, .state = JobFileState::removed, .seen_digest = "d", .seen_at = at}));
  }

  const PruneReport report = expect(prune(*store, {.runs_for = 24h}, noon + 48h, always));

  // The first start, the file's row, and the event of its removal.
  CHECK(report.runless_rows == 3);
  CHECK(report.rows == 3);
  CHECK(count(home.path(), "SELECT count(*) FROM events WHERE at_us < 1800086400000000") == 0);
  CHECK(count(home.path(), "SELECT count(*) FROM events WHERE run IS NULL") == 3);
  CHECK(count(home.path(), "SELECT count(*) FROM job_files WHERE name = 'young.json'") == 1);
  CHECK(count(home.path(), "SELECT count(*) FROM job_files") == 1);
}

TEST_CASE(
    "prune: ticks that fired nothing go by their age, and those that fired stay for a backfill to see") {
  const SqliteHome home;
  const auto store = expect(home.open(noon));
  decide_three_ticks(*store, noon);

  expect(prune(*store, {.runs_for = 24h}, noon + 240h, always));

  // The failed one is the newest, whose number must not be given out again.
  CHECK(count(home.path(), "SELECT count(*) FROM ticks WHERE state = 'skipped'") == 0);
  CHECK(count(home.path(), "SELECT count(*) FROM ticks WHERE state = 'fired'") == 1);
  CHECK(count(home.path(), "SELECT count(*) FROM ticks WHERE state = 'failed'") == 1);
  CHECK(count(home.path(), "SELECT count(*) FROM pragma_foreign_key_check") == 0);
}

TEST_CASE("prune: the newest event of all stays however old it is, since a reader goes on behind it") {
  const SqliteHome home;
  const auto store = expect(home.open(noon));
  expect(store->event_book().note_event({.at = noon, .what = "daemon_started"}));
  expect(store->event_book().note_event({.at = noon + 1s, .what = "daemon_stopping"}));

  expect(prune(*store, {.runs_for = 24h}, noon + 240h, always));

  CHECK(count(home.path(), "SELECT count(*) FROM events WHERE what = 'daemon_stopping'") == 1);
  CHECK(count(home.path(), "SELECT count(*) FROM events") == 1);
}
