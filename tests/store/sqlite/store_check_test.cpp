// SPDX-License-Identifier: MIT
// The store as `sluice doctor` looks at it, sound and otherwise.
#include "sluice/store/store_check.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "store/sqlite/raw_sqlite.hpp"
#include "store/store_engines.hpp"
#include "store/store_fixture.hpp"

using namespace sluice;
using namespace sluice::store_tests;

namespace {

namespace fs = std::filesystem;

StoreCheck check(const SqliteHome& home) { return expect(check_store(home.path(), false)); }

void make_store(const SqliteHome& home) { submit(*expect(open_store(home.path(), noon)), {1, 1}); }

}  // namespace

TEST_CASE("store check: a sound store is told as it is, beside its owner and without one") {
  SqliteHome home;
  CHECK_FALSE(check(home).is_there);
  {
    const auto store = expect(open_store(home.path(), noon));
    submit(*store, {1});
    CHECK(check(home).has_owner);
    CHECK(check(home).log_bytes > 0);
  }

  const StoreCheck found = check(home);

  CHECK(found.is_there);
  CHECK_FALSE(found.has_owner);
  CHECK(found.mode == 0600);
  CHECK(found.user == geteuid());
  CHECK(found.bytes == static_cast<std::int64_t>(fs::file_size(home.path())));
  CHECK(std::to_string(found.schema) ==
        RawSqlite{home.path()}.value("SELECT max(number) FROM schema_migrations"));
  CHECK_FALSE(found.problem.has_value());
  CHECK_FALSE(found.place_problem.has_value());
  CHECK_FALSE(found.is_schema_older);
  CHECK(found.has_generation_file);
  CHECK_FALSE(found.is_older_copy);
}

TEST_CASE("store check: damage, a stranger's file, a lost store and an older copy are each told apart") {
  SUBCASE("damaged") {
    SqliteHome home;
    {
      submit(*expect(open_store(home.path(), noon)), std::vector<int>(400, 1));
    }
    const auto pages = fs::file_size(home.path()) / 8192;
    std::fstream file{home.path(), std::ios::binary | std::ios::in | std::ios::out};
    for (std::uintmax_t page = pages - 3; page < pages; ++page) {
      file.seekp(static_cast<std::streamoff>(page * 8192));
      file << std::string(64, '\x5a');
    }
    file.close();
    REQUIRE(check(home).problem.has_value());
    CHECK(check(home).problem->message.find("damaged") != std::string::npos);
  }
  SUBCASE("another program's") {
    SqliteHome home;
    RawSqlite{home.path()}.run("CREATE TABLE t (x)");
    REQUIRE(check(home).problem.has_value());
    CHECK(check(home).problem->kind == ErrorKind::refused);
  }
  SUBCASE("lost") {
    SqliteHome home;
    make_store(home);
    fs::remove(home.path());
    REQUIRE(check(home).problem.has_value());
    CHECK(check(home).problem->kind == ErrorKind::refused);
  }
  SUBCASE("older copy") {
    SqliteHome home;
    make_store(home);
    fs::copy_file(home.path(), home.path() + ".copy");
    {
      expect(open_store(home.path(), noon));
    }
    fs::rename(home.path() + ".copy", home.path());
    CHECK(check(home).is_older_copy);
    CHECK_FALSE(check(home).problem.has_value());
  }
  SUBCASE("two names") {
    SqliteHome home;
    make_store(home);
    fs::create_hard_link(home.path(), home.path() + ".second");
    CHECK(check(home).place_problem.has_value());
  }
}

TEST_CASE("store check: looking changes neither the store nor the file beside it") {
  SqliteHome home;
  make_store(home);
  const auto beside = fs::last_write_time(home.path() + ".generation");
  const auto database = fs::last_write_time(home.path());

  check(home);

  CHECK(fs::last_write_time(home.path()) == database);
  CHECK(fs::last_write_time(home.path() + ".generation") == beside);
}
