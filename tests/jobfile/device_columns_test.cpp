// SPDX-License-Identifier: MIT
// The columns beside a device's name, and reading a list a second time.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "jobfile/scratch_folder.hpp"
#include "sluice/jobfile/device_list.hpp"

using namespace sluice;

namespace {

std::string in_words(const ColumnValue& value) {
  switch (value.kind) {
    case ColumnValue::Kind::missing:
      return "-";
    case ColumnValue::Kind::text:
      return fmt::format("'{}'", value.text);
    case ColumnValue::Kind::number:
    case ColumnValue::Kind::boolean:
      return std::string(value.text);
  }
  return "?";
}

/// "dev-1: 'a' 10.0 -", a line for each device; in place of the rest the error, if there is one.
std::string rows_of(DeviceList& list) {
  std::string rows;
  for (;;) {
    const auto record = list.next();
    if (!record) return rows + record.error().message + "\n" + record.error().hint;
    if (!*record) return rows;
    rows += std::string((*record)->name) + ":";
    for (const ColumnValue& value : (*record)->values) rows += " " + in_words(value);
    rows += "\n";
  }
}

DeviceList open(const std::string& path, const std::vector<std::string>& columns,
                const std::string& column = "") {
  DeviceSource source{.path = path, .column = column};
  for (const std::string& name : columns) source.columns.push_back({name, "job.json:3:5: targets.where"});
  auto list = DeviceList::open(source);
  REQUIRE_MESSAGE(list.has_value(), (list ? "" : list.error().message));
  return *std::move(list);
}

std::string rows_in(const std::string& path, const std::vector<std::string>& columns) {
  DeviceList list = open(path, columns);
  return rows_of(list);
}

}  // namespace

TEST_CASE("device columns: a CSV field is text, and an empty one is missing") {
  const ScratchFolder folder;
  const std::string path = folder.write("f.csv", "device,site,n\ndev-1,\"Köln, Nord\",10.0\ndev-2,,\n");

  CHECK(rows_in(path, {"n", "site"}) == "dev-1: '10.0' 'Köln, Nord'\ndev-2: - -\n");
}

TEST_CASE("device columns: a member of an NDJSON object keeps its type and a number its spelling") {
  const ScratchFolder folder;
  const std::string path = folder.write("f.ndjson",
                                        "{\"device\":\"dev-1\",\"a\":\"x\\n\",\"b\":1E1,\"c\":true}\n"
                                        "{\"c\":false,\"b\":-0.50,\"device\":\"dev-2\",\"a\":null}\n"
                                        "{\"device\":\"dev-3\"}\n");

  CHECK(rows_in(path, {"a", "b", "c"}) == "dev-1: 'x\n' 1E1 true\ndev-2: - -0.50 false\ndev-3: - - -\n");
}

TEST_CASE("device columns: a list of names has the one column device") {
  const ScratchFolder folder;
  const std::string path = folder.write("f.txt", "dev-1\n# no\ndev-2\n");

  CHECK(rows_in(path, {"device"}) == "dev-1: 'dev-1'\ndev-2: 'dev-2'\n");

  const auto list = DeviceList::open({.path = path, .columns = {{"site", "j:1:2: targets.where"}}});
  REQUIRE(list.has_error());
  CHECK(list.error().message == "j:1:2: targets.where: there is no column \"site\"; " + path +
                                    " has names only, which is the column \"device\"");
}

TEST_CASE("device columns: an unknown column of a CSV file names the ones there are") {
  const ScratchFolder folder;
  const std::string path = folder.write("f.csv", "device,site,hw\ndev-1,a,b\n");

  CHECK(rows_in(path, {"sit"}) == "job.json:3:5: targets.where: there is no column \"sit\"; the columns of " +
                                      path + ":1 are \"device\", \"site\", \"hw\"\nDid you mean \"site\"?");
}

TEST_CASE("device columns: a member that no object has is told at the end of the list") {
  const ScratchFolder folder;
  const std::string path =
      folder.write("f.jsonl", "{\"device\":\"dev-1\",\"site\":1}\n{\"device\":\"dev-2\"}\n");

  CHECK(rows_in(path, {"zone"}) ==
        "dev-1: -\ndev-2: -\njob.json:3:5: targets.where: there is no column \"zone\"; the columns of " +
            path + ":1 are \"device\", \"site\"\nUse one of these, or another device list.");
}

TEST_CASE("device columns: a list or an object is no value, if somebody wants the member") {
  const ScratchFolder folder;
  const std::string path = folder.write("f.jsonl", "{\"device\":\"dev-1\",\"tags\":[1],\"site\":\"a\"}\n");

  CHECK(rows_in(path, {"site"}) == "dev-1: 'a'\n");
  CHECK(rows_in(path, {"tags"}).starts_with(path + ":1: the member \"tags\" is a list; expected text"));
}

TEST_CASE("device columns: of a device that comes twice, the first row counts") {
  const ScratchFolder folder;
  const std::string path = folder.write("f.csv", "device,site\ndev-1,a\ndev-2,b\ndev-1,c\n");
  DeviceList list = open(path, {"site"});

  CHECK(rows_of(list) == "dev-1: 'a'\ndev-2: 'b'\n");
  CHECK(list.devices() == 2);
  CHECK(list.duplicates() == 1);
}

TEST_CASE("device columns: every format can be read again") {
  const ScratchFolder folder;
  const std::string files[] = {
      folder.write("f.txt",
                   "\xEF\xBB\xBF"
                   "dev-1\ndev-2\ndev-1\n"),
      folder.write("f.csv", "device,site\ndev-1,a\ndev-2,b\ndev-1,c\n"),
      folder.write("f.jsonl", "{\"device\":\"dev-1\"}\n{\"device\":\"dev-2\"}\n{\"device\":\"dev-1\"}\n")};
  for (const std::string& path : files) {
    CAPTURE(path);
    DeviceList list = open(path, {"device"});
    const std::string first = rows_of(list);

    REQUIRE(list.rewind().has_value());

    CHECK(rows_of(list) == first);
    CHECK(first == "dev-1: 'dev-1'\ndev-2: 'dev-2'\n");
    CHECK(list.duplicates() == 1);
  }
}

TEST_CASE("device columns: a pipe on standard input can be read again, however far it was read") {
  for (const bool to_the_end : {true, false}) {
    CAPTURE(to_the_end);
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const std::string text = "dev,site\ndev-1,a\ndev-2,b\n";
    REQUIRE(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    ::close(ends[1]);
    const int before = ::dup(STDIN_FILENO);
    ::dup2(ends[0], STDIN_FILENO);
    DeviceList list = open("-", {"site"}, "dev");
    ::dup2(before, STDIN_FILENO);
    ::close(before);
    ::close(ends[0]);
    if (to_the_end) {
      rows_of(list);
    } else {
      CHECK(list.next().has_value());
    }

    REQUIRE(list.rewind().has_value());

    CHECK(rows_of(list) == "dev-1: 'a'\ndev-2: 'b'\n");
    REQUIRE(list.rewind().has_value());
    CHECK(rows_of(list) == "dev-1: 'a'\ndev-2: 'b'\n");
  }
}

TEST_CASE("device columns: a list that changed between two readings is refused at the second's end") {
  const ScratchFolder folder;
  const std::string path = folder.write("f.csv", "device,site\ndev-1,a\n");
  DeviceList list = open(path, {"site"});
  rows_of(list);

  folder.write("f.csv", "device,site\ndev-1,a\ndev-2,b\n");
  REQUIRE(list.rewind().has_value());

  CHECK(rows_of(list).find("the file changed while it was being read") != std::string::npos);
}
