// SPDX-License-Identifier: MIT
// Conformance suite, part 6: the record page by page.
#include "sluice/store/pages.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "store/store_engines.hpp"
#include "store/store_fixture.hpp"

using namespace sluice;
using namespace sluice::store_tests;

namespace {

/// Asks for page after page until there is no next one. @return all rows, and how many pages it took
template <class Wanted, class Ask>
auto all_pages(Wanted wanted, const Ask& ask, int* pages = nullptr) {
  auto all = expect(ask(wanted));
  int count = 1;
  auto rows = std::move(all.rows);
  for (auto next = all.next; next; ++count) {
    REQUIRE(count < 1000);
    wanted.after = *next;
    auto page = expect(ask(wanted));
    CHECK(page.rows.size() <= wanted.limit);
    for (auto& row : page.rows) rows.push_back(std::move(row));
    next = page.next;
  }
  if (pages != nullptr) *pages = count;
  return rows;
}

std::vector<std::int64_t> run_ids(Store& store, const RunsWanted& wanted) {
  std::vector<std::int64_t> ids;
  for (const RunRecord& run :
       all_pages(wanted, [&](const RunsWanted& page) { return store.pages().runs_page(page); })) {
    ids.push_back(run.id.value);
  }
  return ids;
}

struct Listed {
  std::string names;
  int pages = 0;
};

Listed list_devices(Store& store, DevicesWanted wanted) {
  Listed listed;
  for (std::optional<std::int64_t> next = 0; next;) {
    REQUIRE(++listed.pages < 1000);
    wanted.after = *next;
    next = expect(store.pages().devices_page(
        wanted, [&](const DeviceResult& row) { listed.names.append(row.device).append("\n"); }));
  }
  return listed;
}

std::vector<std::string> course_of(Store& store, const EventsWanted& wanted = {}) {
  std::vector<std::string> course;
  for (const EventRow& event :
       all_pages(wanted, [&](const EventsWanted& page) { return store.pages().events_page(page); })) {
    course.push_back(event.what);
  }
  return course;
}

RunId submit_named(Store& store, const std::string& tenant, const std::string& job,
                   const std::string& devices) {
  const RunId run = expect(store.create_run({.job_name = job,
                                             .tenant = tenant,
                                             .endpoint = "https://iot.example",
                                             .job_text = "{}",
                                             .rate = 8,
                                             .created_at = noon,
                                             .submitter = "ann"}));
  const auto count = static_cast<int>(std::count(devices.begin(), devices.end(), '\n'));
  expect(store.add_chunks(run, {{.devices = count, .names = devices}}));
  expect(store.seal_run(run, 0));
  return run;
}

}  // namespace

TEST_CASE_TEMPLATE("store: pages of runs are newest first, and one that comes in between is on none of them",
                   Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  for (int i = 0; i < 5; ++i) submit(*store, {1}, i % 2 == 0 ? "even" : "odd");

  auto page = expect(store->pages().runs_page({.limit = 2}));
  REQUIRE(page.rows.size() == 2);
  CHECK(page.rows[0].id.value == 5);
  REQUIRE(page.next.has_value());
  submit(*store, {1});
  page = expect(store->pages().runs_page({.after = page.next, .limit = 2}));

  REQUIRE(page.rows.size() == 2);
  CHECK(page.rows[0].id.value == 3);
  CHECK(run_ids(*store, {.tenant = "even", .limit = 1}) == std::vector<std::int64_t>{5, 3, 1});
  CHECK(run_ids(*store, {.tenant = "none"}).empty());
  CHECK(run_ids(*store, {.job = "job", .limit = 4}).size() == 6);
  CHECK(run_ids(*store, {.schedule = "nightly"}).empty());
}

TEST_CASE_TEMPLATE("store: runs are picked by the status that they would be shown with", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId done = submit(*store, {1});
  expect(store->settle(accepted(claim_one(*store))));
  const RunId paused = submit(*store, {1});
  expect(store->set_run_control({.run = paused, .control = RunControl::paused, .now = noon}));
  const RunId waiting = submit(*store, {1});

  CHECK(run_ids(*store, {.status = RunStatus::succeeded}) == std::vector{done.value});
  CHECK(run_ids(*store, {.status = RunStatus::paused}) == std::vector{paused.value});
  CHECK(run_ids(*store, {.status = RunStatus::pending}) == std::vector{waiting.value});
  CHECK(run_ids(*store, {.status = RunStatus::canceled}).empty());
}

TEST_CASE_TEMPLATE("store: chunks are paged by place, and a split in between shows its halves, once", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit(*store, {2, 4, 2});
  expect(store->settle(accepted(claim_one(*store))));

  auto page = expect(store->pages().chunks_page({.run = run, .limit = 1}));
  expect(store->settle(rejected(claim_one(*store, noon + 2s), noon + 2s)));
  std::vector<std::pair<std::int64_t, int>> places;
  for (const ChunkRow& chunk :
       all_pages(ChunksWanted{.run = run, .after = page.next, .limit = 1},
                 [&](const auto& wanted) { return store->pages().chunks_page(wanted); })) {
    places.emplace_back(chunk.place.position, chunk.place.devices);
  }

  CHECK(page.rows.front().state == ChunkState::succeeded);
  CHECK(page.rows.front().request_id == "r-1");
  CHECK(page.rows.front().settled_at == noon + 1s);
  CHECK(places == std::vector<std::pair<std::int64_t, int>>{{2, 2}, {2, 4}, {4, 2}, {6, 2}});
  const auto split = expect(store->pages().chunks_page({.run = run, .state = ChunkState::split}));
  REQUIRE(split.rows.size() == 1);
  CHECK_FALSE(split.next.has_value());
  const auto halves = expect(store->pages().chunks_page({.run = run, .state = ChunkState::pending}));
  REQUIRE(halves.rows.size() == 3);
  CHECK(halves.rows[0].parent == split.rows[0].id);
  CHECK(expect(store->pages().chunks_page({.run = run, .stage = 2})).rows.empty());
  CHECK(kind_of(store->pages().chunks_page({.run = RunId{99}})) == ErrorKind::not_found);
}

TEST_CASE_TEMPLATE(
    "store: whatever the size of the pages, they have every device of a run once, in its order", Home,
    SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit(*store, {3, 100, 1, 7});
  expect(store->settle(rejected(claim_one(*store))));

  for (const std::size_t limit : {1U, 2U, 3U, 50U, 111U, 1000U}) {
    CAPTURE(limit);
    CHECK(list_devices(*store, {.run = run, .limit = limit}).names == names(0, 111));
  }
}

TEST_CASE_TEMPLATE("store: a chunk that is split between two pages neither hides a device nor repeats one",
                   Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit(*store, {10, 10});
  std::string listed;
  const auto list = [&](const DeviceResult& row) { listed.append(row.device).append("\n"); };

  const auto next = expect(store->pages().devices_page({.run = run, .limit = 7}, list));
  REQUIRE(next == 7);
  expect(store->settle(rejected(claim_one(*store))));
  const auto rest = expect(store->pages().devices_page({.run = run, .after = *next}, list));

  CHECK_FALSE(rest.has_value());
  CHECK(listed == names(0, 20));
}

TEST_CASE_TEMPLATE("store: devices are found by state, evidence, stage and by their names", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit(*store, {2, 12});
  expect(store->settle(accepted(claim_one(*store))));
  const auto found = [&](DevicesWanted wanted) {
    wanted.run = run;
    return list_devices(*store, std::move(wanted)).names;
  };

  CHECK(found({.filter = {.state = ChunkState::succeeded}}) == names(0, 2));
  CHECK(found({.filter = {.state = ChunkState::pending}, .limit = 5}) == names(2, 12));
  CHECK(found({.filter = {.evidence = Evidence::presumed}}).empty());
  CHECK(found({.stage = 2}).empty());
  CHECK(found({.name = "dev-1"}) == "dev-1\ndev-10\ndev-11\ndev-12\ndev-13\n");
  CHECK(found({.name = "-1", .match = NameMatch::part, .limit = 1}) ==
        "dev-1\ndev-10\ndev-11\ndev-12\ndev-13\n");
  CHECK(found({.name = "dev-1", .match = NameMatch::whole}) == "dev-1\n");
  CHECK(found({.name = "ev", .match = NameMatch::prefix}).empty());
  // What is the end of one name and the beginning of the next is no name.
  CHECK(found({.name = "2\ndev-3", .match = NameMatch::part}).empty());
}

TEST_CASE_TEMPLATE("store: devices are found by the code of their newest result, page by page", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  // dev-0 and dev-1 throttled and then accepted, dev-2 and dev-3 refused, dev-4 silent, dev-5 never sent.
  const RunId run = submit(*store, {2, 1, 1, 1, 1});
  const auto claimed = claim(*store, 4);
  expect(store->settle(retried(claimed[0], noon + 1s)));
  expect(store->settle(rejected(claimed[1])));
  expect(store->settle(rejected(claimed[2])));
  Settlement unanswered = silent(claimed[3]);
  unanswered.outcome.code.clear();
  expect(store->settle(unanswered));
  const auto of_code = [&](const std::string& code, DevicesWanted wanted = {}) {
    wanted.run = run;
    wanted.code = code;
    return list_devices(*store, std::move(wanted)).names;
  };
  CHECK(of_code("Code.unavailable") == "dev-0\ndev-1\n");
  for (const ClaimedChunk& again : claim(*store, 3, noon + 2s)) {
    if (again.chunk == claimed[0].chunk) expect(store->settle(accepted(again, noon + 3s)));
  }

  CHECK(of_code("Code.unavailable").empty());
  CHECK(of_code("Code.rejected_devices", {.limit = 1}) == "dev-2\ndev-3\n");
  CHECK(of_code("Code.rejected_devices", {.name = "dev-3"}) == "dev-3\n");
  CHECK(of_code("Code.rejected_devices", {.filter = {.state = ChunkState::in_flight}}).empty());
  CHECK(of_code("") == "dev-4\n");
  CHECK(of_code("Code").empty());
}

TEST_CASE_TEMPLATE("store: what may have reached a device already is told as in flight on pages too", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit(*store, {2});
  expect(store->settle(silent(claim_one(*store))));

  CHECK(list_devices(*store, {.run = run, .filter = {.state = ChunkState::pending}}).names.empty());
  CHECK(list_devices(*store, {.run = run, .filter = {.state = ChunkState::in_flight}}).names == names(0, 2));
}

TEST_CASE_TEMPLATE("store: attempts of a chunk come oldest first, a replay with the attempt that it repeats",
                   Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  submit(*store, {2});
  const ClaimedChunk first = claim_one(*store);
  expect(store->settle(silent(first)));
  const ClaimedChunk replay = claim_one(*store, noon + 2s);
  REQUIRE(replay.is_replay);

  const auto one = expect(store->pages().attempts_page({.chunk = first.chunk, .limit = 1}));
  REQUIRE(one.next.has_value());
  const auto rest =
      expect(store->pages().attempts_page({.chunk = first.chunk, .after = one.next, .limit = 1}));

  CHECK(one.rows.front().outcome == OutcomeKind::silent);
  CHECK(one.rows.front().sent_at == noon + 900ms);
  REQUIRE(rest.rows.size() == 1);
  CHECK(rest.rows.front().replay_of == one.rows.front().id);
  CHECK_FALSE(rest.rows.front().settled_at.has_value());
  CHECK_FALSE(rest.next.has_value());
  CHECK(kind_of(store->pages().attempts_page({.chunk = ChunkId{99}})) == ErrorKind::not_found);
}

TEST_CASE_TEMPLATE("store: the history of a device is its result in each run that had it, newest run first",
                   Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId first = submit_named(*store, "prod", "one", "lamp\nfan\n");
  expect(store->settle(accepted(claim_one(*store))));
  submit_named(*store, "prod", "two", "lamp-2\nfan\n");
  const RunId third = submit_named(*store, "test", "three", "fan\nlamp\n");
  using Seen = std::vector<std::pair<std::int64_t, ChunkState>>;
  const auto history = [&](DeviceHistoryWanted wanted) {
    Seen seen;
    for (bool is_more = true; is_more;) {
      wanted.from =
          expect(store->pages().device_history(wanted, [&](const RunRecord& run, const DeviceResult& row) {
            seen.emplace_back(run.id.value, row.state);
          }));
      is_more = wanted.from.has_value();
    }
    return seen;
  };

  const Seen both{{third.value, ChunkState::pending}, {first.value, ChunkState::succeeded}};
  CHECK(history({.device = "lamp"}) == both);
  CHECK(history({.device = "lamp", .limit = 1}) == both);
  CHECK(history({.device = "lamp", .tenant = "prod"}) == Seen{{first.value, ChunkState::succeeded}});
  CHECK(history({.device = "lam"}).empty());
}

TEST_CASE_TEMPLATE("store: the course of a run is told event by event, each once", Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = expect(store->create_run({.job_name = "job",
                                              .tenant = "prod",
                                              .endpoint = "https://iot.example",
                                              .job_text = "{}",
                                              .rate = 8,
                                              .created_at = noon,
                                              .submitter = "ann",
                                              .stages = {{"canary", 1}}}));
  expect(store->add_chunks(run, {{.devices = 1, .names = "lamp\n"}}));
  CHECK(course_of(*store).empty());
  expect(store->seal_run(run, 0));
  expect(store->open_stage(run, 1, noon + 1s));
  expect(store->set_run_control(
      {.run = run, .control = RunControl::paused, .reason = "tea", .actor = "bob", .now = noon + 2s}));
  expect(
      store->set_run_control({.run = run, .control = RunControl::active, .actor = "bob", .now = noon + 3s}));
  expect(store->settle(accepted(claim_one(*store, noon + 4s), noon + 5s)));
  expect(store->note_stage_settled(run, 1, noon + 5s));

  const auto events = expect(store->pages().events_page({})).rows;
  CHECK(course_of(*store) == std::vector<std::string>{"run_submitted", "stage_opened", "run_paused",
                                                      "run_resumed", "run_started", "run_finished",
                                                      "stage_settled"});
  REQUIRE(events.size() == 7);
  CHECK(events[0].at == noon);
  CHECK(events[0].actor == "ann");
  CHECK(events[2].reason == "tea");
  CHECK(events[2].actor == "bob");
  CHECK(events[5].at == noon + 5s);
  for (const EventRow& event : events) {
    CHECK(event.run == run);
    CHECK(event.tenant == "prod");
  }
}

TEST_CASE_TEMPLATE("store: events are paged both ways, and picked by run, tenant and what they tell", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId first = submit(*store, {1}, "prod");
  const RunId second = submit(*store, {1}, "test");
  expect(store->settle(accepted(claim(*store, 1, noon, "prod").front())));

  const std::vector<std::string> all{"run_submitted", "run_submitted", "run_started", "run_finished"};
  CHECK(course_of(*store, {.limit = 1}) == all);
  CHECK(course_of(*store, {.order = EventOrder::newest_first, .limit = 3}) ==
        std::vector<std::string>{all.rbegin(), all.rend()});
  CHECK(course_of(*store, {.run = first, .limit = 2}).size() == 3);
  CHECK(course_of(*store, {.order = EventOrder::newest_first, .run = second}).size() == 1);
  CHECK(course_of(*store, {.tenant = "test", .limit = 1}).size() == 1);
  CHECK(course_of(*store, {.what = "run_submitted", .limit = 1}).size() == 2);
  CHECK(expect(store->pages().newest_event()) == 4);
  CHECK(course_of(*store, {.after = 4}).empty());
}

TEST_CASE_TEMPLATE("store: a tenant's page tells what it has to do and what slows it down", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  submit(*store, {3}, "a");
  submit(*store, {2, 2}, "b");
  expect(store->set_tenant_pause("b", "bill unpaid", noon));
  expect(store->set_rate({.tenant = "b", .rate = 2, .until = noon + 1h, .actor = "ann", .now = noon}));

  const auto tenants = all_pages(TenantsWanted{.limit = 1},
                                 [&](const auto& wanted) { return store->pages().tenants_page(wanted); });

  REQUIRE(tenants.size() == 2);
  CHECK(tenants[0].name == "a");
  CHECK(tenants[0].unfinished_devices == 3);
  CHECK(tenants[1].unfinished_runs == 1);
  CHECK(tenants[1].unfinished_devices == 4);
  CHECK(tenants[1].paused_reason == "bill unpaid");
  REQUIRE(tenants[1].ordered.has_value());
  CHECK(tenants[1].ordered->rate == 2);
  CHECK(expect(store->pages().tenant("a")).has_value());
  CHECK_FALSE(expect(store->pages().tenant("c")).has_value());
  CHECK(expect(store->pages().job_files_page({})).rows.empty());
}

TEST_CASE_TEMPLATE("store: pages of what is in doubt have the same as the list, in parts", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit(*store, {1, 2, 3});
  for (const ClaimedChunk& chunk : claim(*store, 3)) {
    expect(store->settle(settlement(chunk, OutcomeKind::silent, {.state = ChunkState::in_doubt})));
  }

  const auto paged = all_pages(DoubtsWanted{.run = run, .limit = 2},
                               [&](const auto& wanted) { return store->pages().doubts_page(wanted); });

  CHECK(paged == expect(store->doubts(run)));
}
