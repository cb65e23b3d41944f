// SPDX-License-Identifier: MIT
// An older copy put back in the store's place: noticed by the file beside it, and nothing of it is sent.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "sluice/store/event_book.hpp"
#include "sluice/store/housekeeping.hpp"
#include "sluice/store/job_files.hpp"
#include "sluice/store/schedule_book.hpp"
#include "store/killed_process.hpp"
#include "store/sqlite/generation_file.hpp"
#include "store/sqlite/raw_sqlite.hpp"
#include "store/store_engines.hpp"
#include "store/store_fixture.hpp"

using namespace sluice;
using namespace sluice::store_tests;

namespace {

namespace fs = std::filesystem;

constexpr const char* identity = "0123456789abcdef0123456789abcdef";

std::string content_of(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write(const std::string& path, const std::string& text) {
  std::ofstream{path, std::ios::binary} << text;
}

/// A store with its notices kept.
struct Place {
  SqliteHome home;
  std::vector<std::string> notices;

  Result<std::unique_ptr<Store>> open(UtcTime now = noon) {
    return open_store(home.path(), now, system_boot_clock(),
                      {.notice = [this](const std::string& sentence) { notices.push_back(sentence); }});
  }
  std::string beside() const { return home.path() + ".generation"; }
  std::string backup() const { return home.path() + ".backup"; }

  /// Of a store that nobody has open.
  void back_up() const { fs::copy_file(home.path(), backup(), fs::copy_options::overwrite_existing); }
  void restore() const { fs::copy_file(backup(), home.path(), fs::copy_options::overwrite_existing); }
  std::string value(const std::string& sql) const { return RawSqlite{home.path()}.value(sql); }
};

bool contains(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("generation: a database has lost something when either number is smaller than beside it") {
  struct Row {
    std::int64_t owner;
    std::int64_t attempt;
    bool lost;
  };
  const Generation beside{.store = identity, .owner = 5, .attempt = 40};
  for (const Row& row : {Row{5, 40, false}, Row{6, 40, false}, Row{5, 41, false}, Row{6, 90, false},
                         Row{4, 40, true}, Row{5, 39, true}, Row{9, 39, true}, Row{4, 90, true}}) {
    CAPTURE(row.owner);
    CAPTURE(row.attempt);
    CHECK(has_lost_something({.store = identity, .owner = row.owner, .attempt = row.attempt}, beside) ==
          row.lost);
  }
}

TEST_CASE(
    "generation: the text says what it was made of, has one length, and anything else is no such text") {
  const Generation small{.store = identity, .owner = 1, .attempt = 0};
  const Generation large{.store = identity, .owner = 9'223'372'036'854'775'807, .attempt = 345};

  CHECK(generation_from(generation_text(small)) == small);
  CHECK(generation_from(generation_text(large)) == large);
  CHECK(generation_text(small).size() == generation_text(large).size());
  const std::string text = generation_text(small);
  for (std::size_t length = 0; length < text.find('#'); ++length) {
    CAPTURE(length);
    CHECK_FALSE(generation_from(text.substr(0, length)).has_value());
  }
  CHECK_FALSE(generation_from("sluice generation 2" + text.substr(19)).has_value());
  std::string negative = text;
  negative.replace(negative.find("owner ") + 6, 1, "-");
  CHECK_FALSE(generation_from(negative).has_value());
}

TEST_CASE("store: the generation file names store, owner and newest attempt, for the user alone") {
  Place place;
  const auto store = expect(place.open());
  const auto first = generation_from(content_of(place.beside()));
  REQUIRE(first.has_value());
  CHECK(first->store == place.value("SELECT id FROM store_identity"));
  CHECK(first->owner == 1);
  CHECK(first->attempt == 0);

  submit(*store, {1, 1, 1});
  claim(*store, 2);
  CHECK(generation_from(content_of(place.beside()))->attempt == 2);
  expect(store->begin());
  claim_one(*store);
  CHECK(generation_from(content_of(place.beside()))->attempt == 2);
  expect(store->commit());
  CHECK(generation_from(content_of(place.beside()))->attempt == 3);

  struct stat found{};
  REQUIRE(stat(place.beside().c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
  CHECK(place.notices.empty());
}

TEST_CASE(
    "store: an attempt that was rolled back is not in the generation file, whatever is committed next") {
  Place place;
  const auto store = expect(place.open());
  submit(*store, {1, 1});
  expect(store->begin());
  const auto failed =
      store->claim({.tenant = "prod", .limit = 2, .now = noon, .make_intent = [](const ClaimedChunk&) {
                      return AttemptIntent{"one nonce for two", "t", "k", "d"};
                    }});
  REQUIRE(failed.has_error());
  expect(store->set_tenant_pause("prod", "", noon));
  expect(store->commit());

  CHECK(generation_from(content_of(place.beside()))->attempt == 0);
  CHECK(place.value("SELECT count(*) FROM attempts") == "0");
}

TEST_CASE(
    "store: a backup from before the sends, put back, has everything unfinished in doubt and sends none") {
  Place place;
  RunId run;
  {
    run = submit(*expect(place.open()), {3, 2});
  }
  place.back_up();
  {
    const auto store = expect(place.open());
    expect(store->settle(accepted(claim_one(*store))));
  }
  place.restore();

  const auto store = expect(place.open());

  CHECK(claim(*store, 9, noon + 24h).empty());
  const RunRecord record = record_of(*store, run);
  CHECK(record.devices == StateCounts{.in_doubt = 5});
  CHECK(record.chunks == StateCounts{.in_doubt = 2});
  CHECK(record.finished_at.has_value());
  CHECK(recount(*store, run) == std::pair{record.devices, record.chunks});
  CHECK_FALSE(store->silent_for().has_value());
  CHECK(place.value("SELECT count(*) FROM chunks WHERE held = 'store_restored' AND unclear = 1") == "2");
  CHECK(place.value("SELECT count(*) FROM events WHERE what = 'store_restored' AND run = 1") == "1");
  REQUIRE(place.notices.size() == 1);
  CHECK(contains(place.notices[0], place.home.path() + " is an older copy of itself"));
  CHECK(contains(place.notices[0], "owner 1 and attempt 0, but there had been owner 2 and attempt 1"));
  CHECK(contains(place.notices[0], "5 devices"));
  CHECK(contains(place.notices[0], "Next: "));
}

TEST_CASE("store: a backup from the middle of a session closes what it had in flight, as nobody knows what") {
  Place place;
  RunId run;
  ChunkId first;
  {
    const auto store = expect(place.open());
    run = submit(*store, {3, 2, 1});
    const auto claimed = claim(*store, 2);
    first = claimed[0].chunk;
    expect(store->settle(accepted(claimed[1])));
    RawSqlite{place.home.path()}.run("VACUUM INTO '" + place.backup() + "'");
    expect(store->settle(accepted(claimed[0])));
    expect(store->settle(accepted(claim_one(*store))));
  }
  fs::remove(place.home.path());
  place.restore();

  const auto store = expect(place.open());

  CHECK(claim(*store, 9, noon + 24h).empty());
  CHECK(record_of(*store, run).devices == StateCounts{.accepted = 2, .in_doubt = 4});
  CHECK(recount(*store, run).first == record_of(*store, run).devices);
  CHECK(expect(store->recover([](const UnresolvedAttempt&) { return Transition{}; }, noon)) == 0);
  const auto devices = devices_of(*store, run, {.state = ChunkState::in_doubt});
  REQUIRE(devices.size() == 4);
  CHECK(devices[0].chunk == first);
  CHECK(devices[0].code == "store_restored");
  const auto doubts = expect(store->doubts(run));
  REQUIRE(doubts.size() == 2);
  for (const DoubtfulChunk& doubt : doubts) {
    CHECK(doubt.held == Held::store_restored);
    CHECK(doubt.code == "store_restored");
    CHECK(doubt.since.has_value());
  }
  CHECK(place.value("SELECT sent || ' ' || outcome FROM attempt_results WHERE attempt = 1") ==
        "unknown silent");
}

TEST_CASE("store: a canceled run and what was final in an old copy stay as they were") {
  Place place;
  RunId canceled;
  RunId failed;
  {
    const auto store = expect(place.open());
    canceled = submit(*store, {2});
    expect(store->set_run_control(
        {.run = canceled, .control = RunControl::canceled, .reason = "no", .now = noon}));
    failed = submit(*store, {1});
    expect(store->settle(rejected(claim_one(*store))));
  }
  place.back_up();
  {
    expect(place.open());
  }
  place.restore();

  const auto store = expect(place.open());

  CHECK(record_of(*store, canceled).devices == StateCounts{.canceled = 2});
  CHECK(record_of(*store, failed).devices == StateCounts{.failed = 1});
  CHECK(place.notices.size() == 1);
}

TEST_CASE("store: once the loss is taken in, the next owner finds an ordinary store") {
  Place place;
  {
    const auto store = expect(place.open());
    submit(*store, {1});
    claim_one(*store);
  }
  {
    expect(place.open());
  }
  place.back_up();
  {
    expect(place.open());
  }
  place.restore();
  {
    expect(place.open());
  }
  REQUIRE(place.notices.size() == 1);

  const auto store = expect(place.open());

  CHECK(place.notices.size() == 1);
  // Above every owner there ever was: 1, 2 and 3 before the loss, 4 that noticed it.
  CHECK(place.value("SELECT max(id) FROM owners") == "5");
  const RunId run = submit(*store, {1});
  expect(store->settle(accepted(claim_one(*store))));
  CHECK(record_of(*store, run).devices == StateCounts{.accepted = 1});
}

TEST_CASE(
    "store: what was due before an older copy was put back does not run, and what comes due later does") {
  Place place;
  ScheduleId nightly;
  {
    const auto store = expect(place.open());
    ScheduleBook& book = store->schedule_book();
    nightly = expect(book.add_schedule(
        {.name = "nightly", .job_text = "{}", .folder = "/jobs", .actor = "wang", .now = noon}));
    using Verdict = TickDecision::Verdict;
    expect(book.record_ticks({.schedule = nightly,
                              .revision = 1,
                              .decisions = {{.id = {}, .at = noon + 1min, .verdict = Verdict::fire},
                                            {.id = {}, .at = noon + 2min, .verdict = Verdict::queue}},
                              .decided_to = noon + 3min,
                              .now = noon}));
  }
  place.back_up();
  {
    expect(place.open());
  }
  place.restore();

  const auto store = expect(place.open(noon + 2h));

  CHECK(expect(store->schedule_reader().schedule("nightly"))->decided_to == noon + 2h);
  CHECK(expect(store->schedule_reader().waiting_ticks(nightly)).empty());
  CHECK(expect(store->schedule_book().requeue_started_ticks(noon + 2h)) == 0);
  CHECK(place.value("SELECT group_concat(state || ' ' || reason) FROM ticks") ==
        "skipped store_restored,skipped store_restored");
  CHECK(place.value("SELECT count(*) FROM events WHERE what = 'store_restored' AND schedule = 1") == "1");
}

TEST_CASE(
    "store: of what was submitted before an older copy was put back, it stays known that some is missing") {
  Place place;
  {
    CHECK_FALSE(expect(expect(place.open())->job_file_book().contents_unknown_until()).has_value());
  }
  place.back_up();
  {
    expect(place.open());
  }
  place.restore();

  const auto store = expect(place.open(noon + 2h));
  CHECK(expect(store->job_file_book().contents_unknown_until()) == noon + 2h);
  expect(store->event_book().note_event({.at = noon + 3h, .what = "daemon_started"}));
  expect(store->event_book().note_event({.at = noon + 4h, .what = "daemon_started"}));
  expect(store->housekeeping().prune_runless(noon + 24h, 500));

  CHECK(place.value("SELECT count(*) FROM events WHERE what = 'daemon_started'") == "1");
  CHECK(expect(store->job_file_book().contents_unknown_until()) == noon + 2h);
}

TEST_CASE("store: the log of a killed process, deleted, is missed") {
  Place place;
  RunId run;
  {
    run = submit(*expect(place.open()), {1, 1});
  }
  in_killed_process([&] {
    auto opened = place.open();
    claim_one(*or_die(opened));
    static_cast<void>(or_die(opened).release());
  });
  REQUIRE(fs::remove(place.home.path() + "-wal"));
  fs::remove(place.home.path() + "-shm");

  const auto store = expect(place.open());

  CHECK(claim(*store, 9, noon + 24h).empty());
  CHECK(record_of(*store, run).devices == StateCounts{.in_doubt = 2});
  CHECK(place.notices.size() == 1);
}

TEST_CASE("store: a file that is gone, empty or cut to nothing is not made anew, and its log stays") {
  for (const char* how : {"gone", "empty", "with its log"}) {
    CAPTURE(how);
    Place place;
    in_killed_process([&] {
      auto opened = place.open();
      submit(*or_die(opened), {1});
      static_cast<void>(or_die(opened).release());
    });
    const auto log_size = fs::file_size(place.home.path() + "-wal");
    REQUIRE(log_size > 0);
    if (how == std::string{"empty"}) {
      fs::resize_file(place.home.path(), 0);
    } else {
      fs::remove(place.home.path());
    }

    const auto opened = place.open();

    REQUIRE(opened.has_error());
    CHECK(opened.error().kind == ErrorKind::refused);
    CHECK(contains(opened.error().message, place.home.path() + " is gone or empty"));
    CHECK(contains(opened.error().hint, "backup"));
    CHECK(contains(opened.error().hint, "remove " + place.beside()));
    CHECK(fs::file_size(place.home.path() + "-wal") == log_size);
    CHECK(fs::exists(place.home.path()) == (how == std::string{"empty"}));

    fs::remove(place.beside());
    fs::remove(place.home.path() + "-wal");
    CHECK(place.open().has_value());
  }
}

TEST_CASE("store: another store's generation file is refused, and neither is touched") {
  Place place;
  {
    expect(place.open());
  }
  Place other;
  {
    expect(other.open());
  }
  fs::copy_file(other.beside(), place.beside(), fs::copy_options::overwrite_existing);
  const std::string file = content_of(place.home.path());

  const auto opened = place.open();

  REQUIRE(opened.has_error());
  CHECK(opened.error().kind == ErrorKind::refused);
  CHECK(contains(opened.error().message, "belongs to another store"));
  CHECK(contains(opened.error().hint, "remove " + place.beside()));
  CHECK(content_of(place.home.path()) == file);
  CHECK(content_of(place.beside()) == content_of(other.beside()));
}

TEST_CASE("store: a generation file that says nothing readable is refused with what to do") {
  Place place;
  {
    expect(place.open());
  }
  write(place.beside(), "");

  const auto opened = place.open();

  REQUIRE(opened.has_error());
  CHECK(opened.error().kind == ErrorKind::refused);
  CHECK(contains(opened.error().message, place.beside()));
  CHECK(contains(opened.error().hint, "remove that file"));
}

TEST_CASE("store: a store that comes without its generation file may be any copy of itself, and is held") {
  Place place;
  RunId run;
  {
    run = submit(*expect(place.open()), {1});
  }
  fs::remove(place.beside());
  // To look at it is allowed: it is a record, and somebody's copy of it may be all there is.
  CHECK(record_of(*expect(open_store_reader(place.home.path())), run).devices == StateCounts{.pending = 1});

  const auto store = expect(place.open());

  CHECK(generation_from(content_of(place.beside()))->owner == 2);
  REQUIRE(place.notices.size() == 1);
  CHECK(contains(place.notices[0], place.beside() + " is missing"));
  CHECK(contains(place.notices[0], "1 devices"));
  CHECK(claim(*store, 1).empty());
  CHECK(record_of(*store, run).devices == StateCounts{.in_doubt = 1});
}

TEST_CASE("store: a store from before there were generation files gets one, and goes on") {
  Place place;
  RunId run;
  {
    run = submit(*expect(place.open()), {1});
  }
  fs::remove(place.beside());
  RawSqlite{place.home.path()}.run("DELETE FROM store_identity");

  const auto store = expect(place.open());

  CHECK(generation_from(content_of(place.beside()))->owner == 2);
  CHECK(place.value("SELECT count(*) FROM events WHERE what = 'generation_file_made'") == "1");
  CHECK(claim(*store, 1).size() == 1);
}

TEST_CASE("store: a reader refuses an older copy until somebody has taken it over") {
  Place place;
  RunId run;
  {
    run = submit(*expect(place.open()), {1});
  }
  place.back_up();
  {
    const auto store = expect(place.open());
    expect(store->settle(accepted(claim_one(*store))));
  }
  place.restore();

  const auto looked = open_store_reader(place.home.path());
  REQUIRE(looked.has_error());
  CHECK(looked.error().kind == ErrorKind::refused);
  CHECK(contains(looked.error().message, "older copy"));
  CHECK(contains(looked.error().hint, "sluice resume"));
  {
    expect(place.open());
  }
  CHECK(record_of(*expect(open_store_reader(place.home.path())), run).devices == StateCounts{.in_doubt = 1});
}

TEST_CASE("store: an exception in the making of an attempt leaves nothing of it in the generation file") {
  Place place;
  const auto store = expect(place.open());
  submit(*store, {1, 1});
  expect(store->begin());
  int made = 0;
  const auto make = [&made](const ClaimedChunk& chunk) {
    if (++made == 2) throw std::runtime_error{"no digest"};
    return fresh_intent(chunk);
  };
  CHECK_THROWS(store->claim({.tenant = "prod", .limit = 2, .now = noon, .make_intent = make}).has_error());
  expect(store->set_tenant_pause("prod", "", noon));
  expect(store->commit());

  CHECK(generation_from(content_of(place.beside()))->attempt == 0);
  CHECK(place.value("SELECT count(*) FROM attempts") == "0");
}

TEST_CASE("store: a crash between a commit and the generation file loses nothing and holds nothing") {
  Place place;
  {
    submit(*expect(place.open()), {1, 1});
  }
  const std::string before = content_of(place.beside());
  // At open, after the boot row; and after a claim: in either case the file tells of what was before.
  in_killed_process([&] {
    auto opened = place.open();
    claim_one(*or_die(opened));
    static_cast<void>(or_die(opened).release());
  });
  write(place.beside(), before);
  // What a crash in the middle of writing the file anew leaves behind.
  write(place.beside() + ".new", "sluice gen");

  const auto store = expect(place.open());

  CHECK(place.notices.empty());
  CHECK(expect(store->recover(
            [](const UnresolvedAttempt& attempt) { return recover(attempt.facts, ChunkPolicy{}, noon); },
            noon)) == 1);
  CHECK(claim(*store, 9).size() == 2);
  CHECK(generation_from(content_of(place.beside()))->owner == 3);
}

TEST_CASE(
    "store: a crash between holding and the generation file holds once more, and that changes nothing") {
  Place place;
  RunId run;
  {
    run = submit(*expect(place.open()), {2});
  }
  place.back_up();
  {
    const auto store = expect(place.open());
    claim_one(*store);
  }
  const std::string before = content_of(place.beside());
  place.restore();
  {
    expect(place.open());
  }
  write(place.beside(), before);

  const auto store = expect(place.open());

  CHECK(record_of(*store, run).devices == StateCounts{.in_doubt = 2});
  CHECK(recount(*store, run).first == record_of(*store, run).devices);
  CHECK(place.notices.size() == 2);
  CHECK(contains(place.notices[1], " 0 devices"));
}

TEST_CASE("store: a backup from before stores had an identity is held too, and takes the one beside it") {
  Place place;
  {
    submit(*expect(place.open()), {1});
  }
  RawSqlite{place.home.path()}.run("DELETE FROM store_identity; DELETE FROM owners");

  const auto store = expect(place.open());

  CHECK(claim(*store, 1).empty());
  CHECK(place.value("SELECT id FROM store_identity") == generation_from(content_of(place.beside()))->store);
}
