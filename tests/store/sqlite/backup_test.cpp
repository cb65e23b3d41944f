// SPDX-License-Identifier: MIT
// Copies of a store: whole while others write, and put back without anything being sent twice.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "sluice/store/backup.hpp"
#include "store/killed_process.hpp"
#include "store/sqlite/generation_file.hpp"
#include "store/sqlite/raw_sqlite.hpp"
#include "store/store_engines.hpp"
#include "store/store_fixture.hpp"

using namespace sluice;
using namespace sluice::store_tests;

namespace {

namespace fs = std::filesystem;

std::string content_of(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write(const std::string& path, const std::string& text) {
  std::ofstream{path, std::ios::binary} << text;
}

struct Place {
  SqliteHome home;
  std::vector<std::string> notices;

  std::string store() const { return home.path(); }
  std::string backup() const { return home.path() + ".backup"; }
  std::string folder() const { return fs::path{home.path()}.parent_path().string(); }

  Result<std::unique_ptr<Store>> open() {
    return open_store(store(), noon, system_boot_clock(),
                      {.notice = [this](const std::string& sentence) { notices.push_back(sentence); }});
  }
  Result<BackupMade> back_up(bool may_replace = false) const {
    return back_up_store(store(), backup(), may_replace);
  }
  Result<StoreRestored> restore() const { return restore_store(store(), backup(), noon, false); }

  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator{folder()}) names.push_back(entry.path().filename());
    std::ranges::sort(names);
    return names;
  }
};

}  // namespace

TEST_CASE("backup: made while the store is owned and written, it is one whole file for the user alone") {
  Place place;
  const auto store = expect(place.open());
  submit(*store, {3, 2});
  expect(store->settle(accepted(claim_one(*store))));

  const BackupMade made = expect(place.back_up());

  // The second claim is after the backup, and not in it.
  claim_one(*store);
  CHECK(made.bytes == static_cast<std::int64_t>(fs::file_size(place.backup())));
  struct stat found{};
  REQUIRE(stat(place.backup().c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
  for (const char* suffix : {"-wal", "-shm", "-journal"}) CHECK_FALSE(fs::exists(place.backup() + suffix));
  RawSqlite copy{place.backup()};
  CHECK(copy.value("PRAGMA integrity_check") == "ok");
  CHECK(copy.value("PRAGMA journal_mode") == "delete");
  CHECK(copy.value("SELECT count(*) FROM attempts") == "1");
  CHECK(std::ranges::none_of(
      place.files(), [](const std::string& name) { return name.find("copying") != std::string::npos; }));
}

TEST_CASE("backup: an open transaction of the owner is neither in it nor in its way") {
  Place place;
  const auto store = expect(place.open());
  submit(*store, {1, 1});
  expect(store->begin());
  claim_one(*store);

  expect(place.back_up());

  expect(store->commit());
  CHECK(RawSqlite{place.backup()}.value("SELECT count(*) FROM attempts") == "0");
}

TEST_CASE("backup: a file that is there is kept, unless it may be replaced") {
  Place place;
  const auto store = expect(place.open());
  write(place.backup(), "precious");

  CHECK(kind_of(place.back_up()) == ErrorKind::refused);
  CHECK(content_of(place.backup()) == "precious");

  expect(place.back_up(/*may_replace=*/true));
  CHECK(content_of(place.backup()).starts_with("SQLite format 3"));
}

TEST_CASE("backup: never onto the store, its files, another store's place, or beside a stranger's log") {
  Place place;
  const auto store = expect(place.open());
  const std::string other = place.folder() + "/other.db";
  {
    expect(open_store(other, noon));
  }
  write(place.folder() + "/left.db-wal", "a log");

  for (const std::string& target :
       {place.store(), place.store() + "-wal", place.store() + "-shm", place.store() + ".lock",
        place.store() + ".generation", place.folder() + "/./" + fs::path{place.store()}.filename().string(),
        other, place.folder(), place.folder() + "/left.db"}) {
    CAPTURE(target);
    CHECK(kind_of(back_up_store(place.store(), target, /*may_replace=*/true)) == ErrorKind::refused);
  }
  submit(*store, {1});
  CHECK(kind_of(back_up_store(place.store(), place.folder() + "/none/b.db", false)) == ErrorKind::not_found);
}

TEST_CASE("backup: of a store that is not there, nothing is made") {
  Place place;

  CHECK(kind_of(place.back_up()) == ErrorKind::not_found);
  CHECK_FALSE(fs::exists(place.backup()));
  CHECK_FALSE(fs::exists(place.store()));
}

TEST_CASE("backup: of a damaged store it is refused, and no copy is left") {
  Place place;
  {
    submit(*expect(place.open()), std::vector<int>(400, 1));
  }
  const auto pages = fs::file_size(place.store()) / 8192;
  REQUIRE(pages > 12);
  {
    std::fstream file{place.store(), std::ios::binary | std::ios::in | std::ios::out};
    for (std::uintmax_t page = pages - 3; page < pages; ++page) {
      file.seekp(static_cast<std::streamoff>(page * 8192));
      file << std::string(64, '\x5a');
    }
  }

  const auto made = place.back_up();

  REQUIRE(made.has_error());
  CAPTURE(made.error().message);
  CHECK(made.error().message.find("damaged") != std::string::npos);
  CHECK_FALSE(fs::exists(place.backup()));
  CHECK(std::ranges::none_of(
      place.files(), [](const std::string& name) { return name.find("copying") != std::string::npos; }));
}

TEST_CASE(
    "restore: the store is the backup, the old one is kept whole, and what was unfinished is in doubt") {
  Place place;
  RunId run;
  {
    const auto store = expect(place.open());
    run = submit(*store, {3, 2});
    expect(place.back_up());
    expect(store->settle(accepted(claim_one(*store))));
  }

  const StoreRestored restored = expect(place.restore());

  CHECK(restored.kept_as == place.store() + ".before-restore-20270115T080000Z");
  CHECK(RawSqlite{restored.kept_as}.value("SELECT count(*) FROM attempts") == "1");
  const auto store = expect(place.open());
  CHECK(claim(*store, 9, noon + 24h).empty());
  CHECK(record_of(*store, run).devices.in_doubt == 5);
  REQUIRE(place.notices.size() == 1);
  CHECK(place.notices.front().find("5 devices") != std::string::npos);
  CHECK(fs::exists(place.backup()));
}

// No attempt was made since, so that the numbers of attempts alone would tell of no loss; and the run that
// was canceled meanwhile would be sent.
TEST_CASE("restore: an order that was given since the backup is reason enough to hold what it was about") {
  Place place;
  RunId run;
  {
    const auto store = expect(place.open());
    run = submit(*store, {4});
    expect(place.back_up());
    expect(store->set_run_control({.run = run, .control = RunControl::canceled, .now = noon}));
  }

  expect(place.restore());

  const auto store = expect(place.open());
  CHECK(claim(*store, 9, noon + 24h).empty());
  CHECK(record_of(*store, run).devices.in_doubt == 4);
}

TEST_CASE("restore: on a machine that never had the store, everything unfinished is in doubt as well") {
  Place place;
  RunId run;
  {
    run = submit(*expect(place.open()), {4});
  }
  expect(place.back_up());
  const std::string elsewhere = place.folder() + "/new/sluice.db";

  const StoreRestored restored = expect(restore_store(elsewhere, place.backup(), noon, false));

  CHECK(restored.kept_as.empty());
  const auto store = expect(open_store(elsewhere, noon));
  CHECK(record_of(*store, run).devices.in_doubt == 4);
}

TEST_CASE("restore: a second one on top of the first keeps both of the old stores") {
  Place place;
  {
    submit(*expect(place.open()), {1});
  }
  expect(place.back_up());

  const StoreRestored first = expect(place.restore());
  const StoreRestored second = expect(place.restore());

  CHECK(second.kept_as == first.kept_as + "-2");
  CHECK(fs::exists(first.kept_as));
  CHECK(fs::exists(second.kept_as));
}

TEST_CASE("restore: while a process owns the store or reads it, nothing is changed") {
  Place place;
  auto store = expect(place.open());
  submit(*store, {1});
  expect(place.back_up());

  CHECK(kind_of(place.restore()) == ErrorKind::refused);

  store.reset();
  {
    const auto reader = expect(open_store_reader(place.store()));
    expect(reader->runs(1));
    CHECK(kind_of(place.restore()) == ErrorKind::refused);
  }
  expect(place.restore());
}

TEST_CASE("restore: what is no backup of this store is refused, and the store is as before") {
  Place place;
  {
    submit(*expect(place.open()), {1});
  }
  const std::string other = place.folder() + "/other.db";
  {
    expect(open_store(other, noon));
  }
  expect(back_up_store(other, place.folder() + "/other.backup", false));
  RawSqlite{place.folder() + "/foreign.db"}.run("CREATE TABLE t (x)");
  write(place.folder() + "/empty.db", "");
  write(place.folder() + "/text.db", std::string(10'000, 'x'));
  const std::string before = content_of(place.store());

  for (const char* name : {"/other.backup", "/foreign.db", "/empty.db", "/text.db", "/none.db", ""}) {
    CAPTURE(name);
    CHECK(restore_store(place.store(), place.folder() + name, noon, false).has_error());
  }
  CHECK(kind_of(restore_store(place.store(), place.store(), noon, false)) == ErrorKind::refused);
  CHECK(content_of(place.store()) == before);
  CHECK(std::ranges::none_of(place.files(), [](const std::string& name) {
    return name.find("copying") != std::string::npos || name.find("before-restore") != std::string::npos;
  }));
}

TEST_CASE("restore: over a damaged store, its remains are kept with their log") {
  Place place;
  {
    submit(*expect(place.open()), {2});
  }
  expect(place.back_up());
  write(place.store(), std::string(16'384, '\x5a'));
  write(place.store() + "-wal", "the rest of it");

  const StoreRestored restored = expect(place.restore());

  CHECK(content_of(restored.kept_as) == std::string(16'384, '\x5a'));
  CHECK(content_of(restored.kept_as + "-wal") == "the rest of it");
  const auto store = expect(place.open());
  CHECK(store->runs(10)->size() == 1);
}

TEST_CASE("restore: a file that never was a store's is not moved out of its place") {
  Place place;
  {
    submit(*expect(place.open()), {2});
  }
  expect(place.back_up());
  const std::string thesis = place.folder() + "/thesis.txt";
  write(thesis, std::string(10'000, 't'));

  CHECK(restore_store(thesis, place.backup(), noon, false).has_error());
  CHECK(content_of(thesis) == std::string(10'000, 't'));
}

TEST_CASE("restore: cut off with the old store moved aside, opening is refused, and the same again ends it") {
  Place place;
  {
    submit(*expect(place.open()), {2});
  }
  expect(place.back_up());
  fs::rename(place.store(), place.store() + ".before-restore-20270115T080000Z");

  CHECK(kind_of(place.open()) == ErrorKind::refused);
  expect(place.restore());

  const auto store = expect(place.open());
  CHECK(claim(*store, 9, noon + 24h).empty());
}
