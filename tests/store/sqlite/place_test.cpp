// SPDX-License-Identifier: MIT
// Where a store may be, and what becomes of one that is moved, removed or replaced while it is open.
#include <doctest/doctest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "sluice/store/sqlite_library.hpp"
#include "store/killed_process.hpp"
#include "store/sqlite/raw_sqlite.hpp"
#include "store/sqlite/store_place.hpp"
#include "store/store_engines.hpp"
#include "store/store_fixture.hpp"

using namespace sluice;
using namespace sluice::store_tests;

namespace {

namespace fs = std::filesystem;

bool contains(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

/// In a process of its own, which may change what it is and what it sees.
int exit_code_of_process(const std::function<int()>& work) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) _exit(work());
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

constexpr int not_possible = 77;

}  // namespace

TEST_CASE("store: network and user-space file systems are refused, local ones are not") {
  struct Row {
    std::int64_t magic;
    const char* name;  ///< nullptr: it is fine
  };
  // The numbers as statfs(2) lists them.
  for (const Row& row :
       {Row{0x6969, "NFS"}, Row{0xFF534D42, "CIFS"}, Row{0xFE534D42, "SMB2"}, Row{0x517B, "SMB"},
        Row{0x65735546, "FUSE"}, Row{0x01021997, "9p"}, Row{0x5346414F, "AFS"}, Row{0x73757245, "Coda"},
        Row{0x00C36400, "Ceph"}, Row{0x0BD00BD0, "Lustre"}, Row{0x786F4256, "vboxsf"}, Row{0xEF53, nullptr},
        Row{0x58465342, nullptr}, Row{0x9123683E, nullptr}, Row{0x01021994, nullptr},
        Row{0x794C7630, nullptr}, Row{0x2FC12FC1, nullptr}, Row{0xF2F52010, nullptr}}) {
    CAPTURE(row.magic);
    CHECK(unreliable_file_system(row.magic).value_or("fine") == (row.name == nullptr ? "fine" : row.name));
  }
}

TEST_CASE("store: a file with a second name is refused until that name is gone, whichever is used") {
  const SqliteHome home;
  const ScratchFolder elsewhere;
  {
    expect(home.open(noon));
  }
  const std::string other = home.path() + ".other";
  fs::create_hard_link(home.path(), other);

  for (const std::string& path : {home.path(), other}) {
    const auto opened = open_store(path, noon);
    REQUIRE(opened.has_error());
    CHECK(opened.error().kind == ErrorKind::refused);
    CHECK(contains(opened.error().message, path + " has 2 names"));
    CHECK(contains(opened.error().hint, "-samefile '" + path + "'"));
  }
  fs::remove(other);
  CHECK(home.open(noon).has_value());
}

TEST_CASE("store: a file that is mounted by itself is refused, and one in a mounted folder is not") {
  const SqliteHome home;
  const ScratchFolder elsewhere;
  const std::string mounted = elsewhere.file("mounted.db");
  const std::string folder = elsewhere.file("folder");
  std::ofstream{mounted};
  fs::create_directory(folder);
  {
    expect(home.open(noon));
  }

  const int code = exit_code_of_process([&] {
    if (unshare(CLONE_NEWNS | (geteuid() == 0 ? 0 : CLONE_NEWUSER)) != 0) return not_possible;
    if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return not_possible;
    const std::string its_folder = fs::path{home.path()}.parent_path().string();
    if (mount(home.path().c_str(), mounted.c_str(), nullptr, MS_BIND, nullptr) != 0) return not_possible;
    if (mount(its_folder.c_str(), folder.c_str(), nullptr, MS_BIND, nullptr) != 0) return not_possible;
    const auto alone = open_store(mounted, noon);
    if (alone.has_value() || alone.error().kind != ErrorKind::refused) return 1;
    if (!contains(alone.error().message, "mounted as a single file")) return 2;
    const auto first = open_store(folder + "/sluice.db", noon);
    if (first.has_error()) return 3;
    // The folder's two names lead to one lock.
    const auto second = open_store(home.path(), noon);
    return second.has_error() && second.error().kind == ErrorKind::refused ? 0 : 4;
  });

  if (code == not_possible) {
    MESSAGE("not tested: nothing can be mounted here");
    return;
  }
  CHECK(code == 0);
}

TEST_CASE("store: a file or folder without permission is refused by its mode and owner") {
  const ScratchFolder folder;
  const std::string path = folder.file("sluice.db");
  {
    expect(open_store(path, noon));
  }
  const auto message_as_other_user = [&] {
    const ScratchFolder answer;
    fs::permissions(fs::path{answer.file("x")}.parent_path(), fs::perms::all);
    const int code = exit_code_of_process([&] {
      if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0) return not_possible;
      const auto opened = open_store(path, noon);
      if (opened.has_value()) return 1;
      if (opened.error().kind != ErrorKind::storage) return 2;
      std::ofstream{answer.file("message")} << opened.error().message << ' ' << opened.error().hint;
      return 0;
    });
    CHECK(code == 0);
    std::ifstream file{answer.file("message")};
    return std::string{std::istreambuf_iterator<char>{file}, {}};
  };

  fs::permissions(fs::path{path}.parent_path(), fs::perms{0755});
  fs::permissions(path, fs::perms{0400});
  const std::string of_file = message_as_other_user();
  CHECK(contains(of_file, "store: cannot read and write " + path + ": Permission denied (mode 0400, owner "));
  CHECK(contains(of_file, "this process is user "));
  CHECK(contains(of_file, "--store PATH"));

  fs::permissions(path, fs::perms{0666});
  fs::permissions(fs::path{path}.parent_path(), fs::perms{0555});
  const std::string of_folder = message_as_other_user();
  CHECK(contains(of_folder, "cannot create files in " + fs::path{path}.parent_path().string()));
  CHECK(contains(of_folder, "mode 0555"));
  fs::permissions(fs::path{path}.parent_path(), fs::perms{0755});
}

TEST_CASE("store: a store in a folder that may not be entered is not called missing") {
  const ScratchFolder folder;
  const std::string path = folder.file("sluice.db");
  {
    expect(open_store(path, noon));
  }
  fs::permissions(fs::path{path}.parent_path(), fs::perms::none);

  const int code = exit_code_of_process([&] {
    if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0) return not_possible;
    const auto to_read = open_store_reader(path);
    if (to_read.has_value() || to_read.error().kind != ErrorKind::storage) return 1;
    return contains(to_read.error().message, path + ": Permission denied") ? 0 : 2;
  });

  fs::permissions(fs::path{path}.parent_path(), fs::perms{0700});
  CHECK(code == 0);
}

TEST_CASE("store: what is no regular file is refused at once, to read or to write, and gets no lock") {
  const ScratchFolder folder;
  const std::string pipe = folder.file("pipe");
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);

  for (const std::string& path : {pipe, std::string{"/dev/null"}}) {
    CAPTURE(path);
    const auto to_read = open_store_reader(path);
    REQUIRE(to_read.has_error());
    CHECK(to_read.error().kind == ErrorKind::invalid_input);
    CHECK(contains(to_read.error().message, path + " is no regular file"));
    CHECK(kind_of(open_store(path, noon)) == ErrorKind::invalid_input);
    CHECK_FALSE(fs::exists(path + ".lock"));
  }
}

TEST_CASE("store: a symbolic link that leads nowhere is refused by what it should lead to") {
  const ScratchFolder folder;
  const std::string link = folder.file("link.db");
  fs::create_symlink(folder.file("unmounted.db"), link);

  const auto to_read = open_store_reader(link);
  REQUIRE(to_read.has_error());
  CHECK(to_read.error().kind == ErrorKind::invalid_input);
  CHECK(contains(to_read.error().message, link + " is a symbolic link to " + folder.file("unmounted.db")));
  CHECK(kind_of(open_store(link, noon)) == ErrorKind::invalid_input);
  CHECK_FALSE(fs::exists(folder.file("unmounted.db")));
}

TEST_CASE("store: moved, removed or replaced while open, its file or its lock, it stops at the next verb") {
  struct Row {
    const char* what;
    std::function<void(const std::string&)> how;
  };
  const Row rows[] = {
      {"moved", [](const std::string& path) { fs::rename(path, path + ".away"); }},
      {"removed", [](const std::string& path) { fs::remove(path); }},
      {"replaced",
       [](const std::string& path) {
         fs::copy_file(path, path + ".copy");
         fs::rename(path + ".copy", path);
       }},
      {"lock removed", [](const std::string& path) { fs::remove(path + ".lock"); }},
      {"lock replaced",
       [](const std::string& path) {
         std::ofstream{path + ".fresh"} << "1\n";
         fs::rename(path + ".fresh", path + ".lock");
       }},
  };
  for (const bool in_a_group : {false, true}) {
    for (const Row& row : rows) {
      CAPTURE(row.what);
      CAPTURE(in_a_group);
      const SqliteHome home;
      const auto store = expect(home.open(noon));
      submit(*store, {1, 1});
      const ClaimedChunk claimed = claim_one(*store);
      row.how(home.path());

      const Result<void> refused = in_a_group ? store->begin() : store->settle(accepted(claimed));

      REQUIRE(refused.has_error());
      CHECK(refused.error().kind == ErrorKind::storage_lost);
      CHECK(contains(refused.error().message, home.path()));
      CHECK(contains(refused.error().message, "moved, removed or replaced"));
      CHECK(contains(refused.error().hint, "resume"));
      CHECK(kind_of(store->claim({.tenant = "prod", .now = noon, .make_intent = fresh_intent})) ==
            ErrorKind::storage_lost);
    }
  }
}

TEST_CASE("store: one that was moved and put back is recovered like one whose process died") {
  const SqliteHome home;
  RunId run;
  {
    const auto store = expect(home.open(noon));
    run = submit(*store, {1});
    const ClaimedChunk claimed = claim_one(*store);
    fs::rename(home.path(), home.path() + ".away");
    CHECK(store->settle(accepted(claimed)).has_error());
    fs::rename(home.path() + ".away", home.path());
    CHECK(store->settle(accepted(claimed)).has_error());
  }

  const auto store = expect(home.open(noon));

  CHECK(expect(store->recover(
            [](const UnresolvedAttempt& attempt) { return recover(attempt.facts, ChunkPolicy{}, noon); },
            noon)) == 1);
  CHECK(claim_one(*store).is_replay);
}

TEST_CASE(
    "store: a log that a long reader keeps growing is warned of once, and shrinks when the reader is gone") {
  const SqliteHome home;
  std::vector<std::string> notices;
  const auto store =
      expect(open_store(home.path(), noon, system_boot_clock(),
                        {.notice = [&](const std::string& text) { notices.push_back(text); }}));
  const auto grow_by_70_mib = [&] {
    expect(store->begin());
    submit(*store, std::vector<int>(60'000, 100));
    expect(store->commit());
  };
  {
    RawSqlite reader{home.path()};
    reader.run("BEGIN; SELECT count(*) FROM runs");
    grow_by_70_mib();
    REQUIRE(fs::file_size(home.path() + "-wal") > 64u * 1024 * 1024);
    REQUIRE(notices.size() == 1);
    CHECK(contains(notices[0], home.path() + ": its log has grown to "));
    CHECK(contains(notices[0], "backup"));
    submit(*store, {1});
    CHECK(notices.size() == 1);
  }

  submit(*store, {1});  // moves the log into the database, which nobody keeps from it now
  submit(*store, {1});  // begins the log anew

  CHECK(fs::file_size(home.path() + "-wal") <= 16u * 1024 * 1024);
  CHECK(notices.size() == 1);
}

TEST_CASE("store: a SQLite that is too old is refused with both numbers") {
  CHECK(unusable_sqlite(3037000) == "");
  CHECK(unusable_sqlite(3040001) == "");
  CHECK(unusable_sqlite(4000000) == "");
  CHECK(unusable_sqlite(3036999) == "SQLite 3.36.999 is loaded, and sluice needs 3.37.0 or newer");
  CHECK(unusable_sqlite(3007010) == "SQLite 3.7.10 is loaded, and sluice needs 3.37.0 or newer");
  CHECK(sqlite_version_text(3053002) == "3.53.2");
  CHECK(unusable_sqlite(loaded_sqlite()) == "");
}

TEST_CASE("store: the WAL-reset bug is in 3.7.0 to 3.51.2, but not in the branches that were mended") {
  for (const int version :
       {3007000, 3037000, 3040001, 3044005, 3045000, 3050000, 3050006, 3051000, 3051002}) {
    CAPTURE(version);
    CHECK(has_wal_reset_bug(version));
  }
  for (const int version :
       {3006023, 3044006, 3044999, 3050007, 3050999, 3051003, 3052000, 3053000, 4000000}) {
    CAPTURE(version);
    CHECK_FALSE(has_wal_reset_bug(version));
  }
}
