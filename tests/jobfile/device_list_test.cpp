// SPDX-License-Identifier: MIT
#include "sluice/jobfile/device_list.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "jobfile/scratch_folder.hpp"

using namespace sluice;

namespace {

struct Names {
  std::string text;  // each followed by a line break
  std::size_t devices = 0;
  std::size_t duplicates = 0;
};

Result<Names> read_all(DeviceSource source, std::size_t at_once = 100) {
  auto list = DeviceList::open(std::move(source));
  if (!list) return list.error();
  Names names;
  for (;;) {
    const auto read = list->read(at_once, names.text);
    if (!read) return read.error();
    CHECK(*read <= at_once);
    if (*read == 0) break;
  }
  names.devices = list->devices();
  names.duplicates = list->duplicates();
  return names;
}

std::string names_in(const std::string& path, const std::string& column = "") {
  const auto names = read_all({{}, path, column});
  REQUIRE_MESSAGE(names.has_value(), (names ? "" : names.error().message));
  return names->text;
}

Error error_in(const std::string& path, const std::string& column = "") {
  const auto names = read_all({{}, path, column});
  REQUIRE_FALSE(names.has_value());
  CHECK_FALSE(names.error().hint.empty());
  return names.error();
}

/// The message without the scratch folder's path.
std::string message_in(const std::string& path, const std::string& column = "") {
  std::string message = error_in(path, column).message;
  const std::string folder = std::filesystem::path(path).parent_path().string() + "/";
  for (std::size_t at = message.find(folder); at != message.npos; at = message.find(folder)) {
    message.erase(at, folder.size());
  }
  return message;
}

/// Standard input is this file while the object lives.
class StandardInput {
 public:
  explicit StandardInput(int descriptor) : before_(::dup(STDIN_FILENO)) { ::dup2(descriptor, STDIN_FILENO); }
  ~StandardInput() {
    ::dup2(before_, STDIN_FILENO);
    ::close(before_);
  }
  StandardInput(const StandardInput&) = delete;
  StandardInput& operator=(const StandardInput&) = delete;

 private:
  int before_;
};

constexpr const char* rule = " is not a device name; expected 4 to 32 letters, digits and - _ @ . :";

}  // namespace

TEST_CASE("device list: text is one name a line; comments, blank lines and trailing blanks do not count") {
  const ScratchFolder folder;
  const std::string path = folder.write("f.txt", "# fleet\ndev-1\n\n   \ndev-2 \t\n#dev-3\ndev-4");

  CHECK(names_in(path) == "dev-1\ndev-2\ndev-4\n");
}

TEST_CASE("device list: CR LF and a byte order mark are accepted in every format") {
  const ScratchFolder folder;
  const std::string mark = "\xEF\xBB\xBF";

  CHECK(names_in(folder.write("f.txt", mark + "dev-1\r\ndev-2\r\n")) == "dev-1\ndev-2\n");
  CHECK(names_in(folder.write("f.csv", mark + "device,x\r\ndev-1,1\r\ndev-2,2\r\n")) == "dev-1\ndev-2\n");
  CHECK(names_in(folder.write("f.ndjson", mark + "{\"device\":\"dev-1\"}\r\n{\"device\":\"dev-2\"}\r\n")) ==
        "dev-1\ndev-2\n");
}

TEST_CASE("device list: a second occurrence is left out and counted, the first one keeps its place") {
  const auto names = read_all({{"dev-2", "dev-1", "dev-2", "dev-3", "dev-1", "dev-2"}, "", ""}, 2);

  REQUIRE(names.has_value());
  CHECK(names->text == "dev-2\ndev-1\ndev-3\n");
  CHECK(names->devices == 3);
  CHECK(names->duplicates == 3);
}

TEST_CASE("device list: names that differ in case are different devices") {
  CHECK(read_all({{"dev-a", "DEV-A"}, "", ""})->devices == 2);
}

TEST_CASE(
    "device list: read gives as many as asked for until the end, whatever the buffer and the duplicates") {
  const ScratchFolder folder;
  std::string content;
  std::string expected;
  for (int i = 0; i < 50'000; ++i) {
    content += fmt::format("device-{:06}\ndevice-{:06}\n", i, i / 2);
    expected += fmt::format("device-{:06}\n", i);
  }
  auto list = DeviceList::open({{}, folder.write("f.txt", content), ""});
  REQUIRE(list.has_value());

  std::string names;
  for (int i = 0; i < 500; ++i) REQUIRE(list->read(100, names).value() == 100);
  REQUIRE(list->read(100, names).value() == 0);
  CHECK(list->read(100, names).value() == 0);

  CHECK(names == expected);
  CHECK(list->devices() == 50'000);
  CHECK(list->duplicates() == 50'000);
}

TEST_CASE("device list: a CSV file's column is found by its name") {
  const ScratchFolder folder;
  const std::string path = folder.write("f.csv", "site,device,DeviceName\nA,dev-1,dev-x\nB,dev-2,dev-y\n");

  CHECK(names_in(path) == "dev-1\ndev-2\n");
  CHECK(names_in(path, "DeviceName") == "dev-x\ndev-y\n");
  CHECK(message_in(path, "name") ==
        "f.csv:1: there is no column \"name\"; the columns are \"site\", \"device\", \"DeviceName\"");
  CHECK(names_in(folder.write("g.csv", "DeviceName\ndev-1\n")) == "dev-1\n");
  CHECK(names_in(folder.write("h.CSV", "device_name,x\ndev-1,\n")) == "dev-1\n");
  CHECK(message_in(folder.write("i.csv", "a\ndev-1\n")) ==
        "i.csv:1: there is no column \"device\", \"device_name\", \"DeviceName\"; the columns are \"a\"");
  CHECK(message_in(folder.write("j.csv", "device,device\ndev-1,dev-2\n")) ==
        "j.csv:1: there are two columns \"device\"; expected one");
}

TEST_CASE("device list: CSV quotes hold commas, quotes and line breaks") {
  const ScratchFolder folder;
  const std::string path = folder.write(
      "f.csv",
      "\"my \"\"device\"\"\",note\r\n\"dev-1\",\"a, \"\"b\"\"\r\nc\"\r\n\r\ndev-2,\"\"\r\n\"dev-3\",x\"");

  CHECK(message_in(path, "my \"device\"") ==
        "f.csv:6: a quote in the wrong place; expected \"…\" around a whole field, and quotes in it doubled");
  CHECK(names_in(
            folder.write("g.csv",
                         "\"my \"\"device\"\"\",note\r\n\"dev-1\",\"a, \"\"b\"\"\r\nc\"\r\n\r\ndev-2,\"\"\n"),
            "my \"device\"") == "dev-1\ndev-2\n");
  CHECK(message_in(folder.write("h.csv", "device,x\n\"dev-1\"y,1\n"))
            .starts_with("h.csv:2: a quote in the wrong place"));
  CHECK(message_in(folder.write("i.csv", "device,x\ndev-1,1\ndev-2,\"open\n\n\n"))
            .starts_with("i.csv:3: a quote that begins here is not closed"));
}

TEST_CASE("device list: a CSV row with another number of fields than the header is refused with its line") {
  const ScratchFolder folder;

  CHECK(message_in(folder.write("f.csv", "device,x\ndev-1,1\ndev-2\n")) ==
        "f.csv:3: the row has 1 fields; expected 2, as the header has");
  CHECK(message_in(folder.write("g.csv", "device\ndev-1,\n")) ==
        "g.csv:2: the row has 2 fields; expected 1, as the header has");
}

TEST_CASE("device list: NDJSON is one object a line with the name as a member") {
  const ScratchFolder folder;
  const std::string path = folder.write(
      "f.jsonl",
      "{\"device\": \"dev-1\", \"id\": \"dev-x\"}\n\n{\"id\":\"dev-y\",\"device\":\"d\\u0065v-2\"}\n");

  CHECK(names_in(path) == "dev-1\ndev-2\n");
  CHECK(names_in(path, "id") == "dev-x\ndev-y\n");
  CHECK(message_in(path, "name") ==
        "f.jsonl:1: there is no member \"name\"; the members are \"device\", \"id\"");
  CHECK(message_in(folder.write("a.ndjson", "{\"device\":\"dev-1\"}\n[1]\n")) ==
        "a.ndjson:2: not an object; expected one JSON object a line");
  CHECK(message_in(folder.write("b.ndjson", "{\"device\":12345}\n")) ==
        "b.ndjson:1: the member \"device\" is not text; expected one device name in double quotes");
  CHECK(message_in(folder.write("c.ndjson", "{\"device\":\"dev-1\",\"device\":\"dev-2\"}\n"))
            .find("more than once") != std::string::npos);
  CHECK(message_in(folder.write("d.ndjson", "{\"device\":\"dev-1\",}\n")) ==
        "d.ndjson:1:19: a comma may not stand before this bracket");
}

TEST_CASE("device list: an invalid name is refused with its line, and shown defused") {
  const ScratchFolder folder;
  const std::pair<std::string, std::string> rows[] = {
      {"dev-1\ndev 2\n", "f.txt:2: \"dev 2\""},
      {"dev\n", "f.txt:1: \"dev\""},
      {"dev-1\rdev-2\r", "f.txt:1: \"dev-1\\x0Ddev-2\\x0D\""},
      {std::string("dev\0-1\n", 7), "f.txt:1: \"dev\\x00-1\""},
      {"#\n\ndev-\xff\n", "f.txt:3: \"dev-\\xFF\""},
      {"dev\t-1\n", "f.txt:1: \"dev\\x09-1\""},
      {"dev-1\u202E\n", "f.txt:1: \"dev-1\\u{202E}\""},
      {"dev-\x1b[31m1\n", "f.txt:1: \"dev-\\x1B[31m1\""},
  };
  for (const auto& [content, message] : rows) {
    CAPTURE(message);
    CHECK(message_in(folder.write("f.txt", content)) == message + rule);
  }
  CHECK(error_in(folder.path("f.txt")).kind == ErrorKind::invalid_input);
  CHECK(read_all({{"dev-1", "x"}, "", ""}).error().message ==
        std::string("targets.devices[1]: \"x\"") + rule);
  CHECK(message_in(folder.write("f.csv", "x,device\n1,\n")) == std::string("f.csv:2: \"\"") + rule);
}

TEST_CASE("device list: of many invalid names ten are shown at once") {
  const ScratchFolder folder;
  std::string content;
  for (int i = 0; i < 1000; ++i) content += "dev-1\n!\n";

  const std::string message = message_in(folder.write("f.txt", content));

  CHECK(message.starts_with("f.txt:2: \"!\""));
  CHECK(message.find("\nf.txt:20: \"!\"") != std::string::npos);
  CHECK(message.find("f.txt:22") == std::string::npos);
  CHECK(message.ends_with("\n… and more"));
}

TEST_CASE("device list: a line longer than 64 KiB is refused, one just as long is read") {
  const ScratchFolder folder;
  const std::string comment = "#" + std::string(64 * 1024 - 1, 'x');

  CHECK(names_in(folder.write("f.txt", "dev-1\n" + comment + "\ndev-2\n")) == "dev-1\ndev-2\n");
  CHECK(message_in(folder.write("f.txt", "dev-1\n" + comment + "x\ndev-2\n")) ==
        "f.txt:2: the line is longer than 65536 bytes; expected one device a line");
  CHECK(message_in(folder.write("f.txt", std::string(3'000'000, 'x')))
            .starts_with("f.txt:1: the line is longer"));
  CHECK(message_in(
            folder.write("f.csv", "device\n\"" + std::string(50'000, 'x') + "\n" + std::string(50'000, 'x')))
            .starts_with("f.csv:2: a quote that begins here is not closed within 65536 bytes"));
}

TEST_CASE("device list: a list without devices is an error") {
  const ScratchFolder folder;

  CHECK(message_in(folder.write("f.txt", "")) == "f.txt: 0 devices; expected at least one");
  CHECK(message_in(folder.write("g.txt", "# none\n\n")) == "g.txt: 0 devices; expected at least one");
  CHECK(message_in(folder.write("f.csv", "device,x\n")) == "f.csv: 0 devices; expected at least one");
  CHECK(message_in(folder.write("g.csv", "")).find("expected a header row") != std::string::npos);
  CHECK(message_in(folder.write("f.ndjson", "\n")) == "f.ndjson: 0 devices; expected at least one");
  CHECK(read_all({{}, "", ""}).error().message == "targets.devices: 0 devices; expected at least one");
}

TEST_CASE("device list: what is not a regular file is one clear error, and nothing waits") {
  const ScratchFolder folder;
  REQUIRE(::mkfifo(folder.path("pipe.txt").c_str(), 0600) == 0);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  folder.path("socket.txt").copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  ::close(socket);

  CHECK(message_in(folder.path("pipe.txt")) ==
        "pipe.txt: a pipe, not a device list; expected a regular file");
  CHECK(message_in(folder.path("socket.txt")) ==
        "socket.txt: a socket or a device, not a device list; expected a regular file");
  CHECK(error_in("/dev/zero").message == "/dev/zero: a device, not a device list; expected a regular file");
  CHECK(error_in("/tmp").message == "/tmp: a folder, not a device list; expected a regular file");
  CHECK(error_in(folder.path("none.txt")).kind == ErrorKind::not_found);
}

TEST_CASE("device list: a file that is changed, replaced or removed while it is read is refused") {
  const ScratchFolder folder;
  std::string content;
  for (int i = 0; i < 100'000; ++i) content += fmt::format("device-{:06}\n", i);
  const std::string path = folder.path("f.txt");
  using Change = void (*)(const std::string&);
  const std::pair<const char*, Change> changes[] = {
      {"grown", [](const std::string& file) { std::ofstream(file, std::ios::app) << "device-x\n"; }},
      {"cut", [](const std::string& file) { std::filesystem::resize_file(file, 700'000); }},
      {"touched",
       [](const std::string& file) {
         std::filesystem::last_write_time(
             file, std::filesystem::file_time_type::clock::now() + std::chrono::hours(1));
       }},
      {"replaced",
       [](const std::string& file) {
         std::filesystem::copy_file(file, file + ".new");
         std::filesystem::rename(file + ".new", file);
       }},
      {"removed", [](const std::string& file) { std::filesystem::remove(file); }},
  };
  for (const auto& [how, change] : changes) {
    CAPTURE(how);
    folder.write("f.txt", content);
    auto list = DeviceList::open({{}, path, ""});
    REQUIRE(list.has_value());
    std::string names;
    REQUIRE(list->read(100, names).value() == 100);
    change(path);

    Result<std::size_t> read = std::size_t{1};
    while (read && *read > 0) read = list->read(1000, names);

    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().kind == ErrorKind::invalid_input);
    CHECK(read.error().message == path + ": the file changed while it was being read");
    CHECK_FALSE(read.error().hint.empty());
    CHECK_FALSE(list->read(1, names).has_value());
  }
}

TEST_CASE("device list: standard input is read as text, from a pipe or a file") {
  const ScratchFolder folder;
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  std::thread writer([&ends] {
    for (const std::string_view part : {"dev", "-1\nde", "v-2\n", "dev-1"}) {
      if (::write(ends[1], part.data(), part.size()) < 0) break;
    }
    ::close(ends[1]);
  });
  {
    const StandardInput input(ends[0]);
    CHECK(names_in("-") == "dev-1\ndev-2\n");
  }
  writer.join();
  ::close(ends[0]);

  FILE* const file = std::fopen(folder.write("f", "dev-7\nd!\n").c_str(), "r");
  REQUIRE(file);
  {
    const StandardInput input(::fileno(file));
    CHECK(error_in("-").message == std::string("standard input:2: \"d!\"") + rule);
  }
  std::fclose(file);
}

TEST_CASE("device list: with a column, standard input is CSV or NDJSON by its first character") {
  const ScratchFolder folder;
  const auto names_of_input = [&folder](const std::string& text, const std::string& column) {
    FILE* const file = std::fopen(folder.write("f", text).c_str(), "r");
    REQUIRE(file);
    const StandardInput input(::fileno(file));
    std::fclose(file);
    auto names = read_all({{}, "-", column});
    return names ? names->text : names.error().message;
  };

  CHECK(names_of_input("id,dev\n1,dev-1\n2,dev-2\n", "dev") == "dev-1\ndev-2\n");
  CHECK(names_of_input("\xEF\xBB\xBF"
                       "dev,id\r\ndev-1,1\r\n",
                       "dev") == "dev-1\n");
  CHECK(names_of_input("\n \t{\"dev\": \"dev-1\"}\n{\"dev\": \"dev-2\"}\n", "dev") == "dev-1\ndev-2\n");
  CHECK(names_of_input("\xEF\xBB\xBF{\"dev\": \"dev-1\"}", "dev") == "dev-1\n");
  CHECK(names_of_input("dev-1\ndev-2\n", "dev") ==
        "standard input:1: there is no column \"dev\"; the columns are \"dev-1\"");
  CHECK(names_of_input("", "dev").starts_with("standard input: the list is empty"));
  CHECK(names_of_input(" \n", "dev").starts_with("standard input:"));
  CHECK(names_of_input("dev-1\n", "") == "dev-1\n");
}

TEST_CASE("device list: a first character that comes late and in parts is waited for") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  std::thread writer([&ends] {
    for (const std::string_view part : {"\xEF", "\xBB\xBF", "\n\n", "{\"dev\":", "\"dev-1\"}\n"}) {
      if (::write(ends[1], part.data(), part.size()) < 0) break;
    }
    ::close(ends[1]);
  });
  {
    const StandardInput input(ends[0]);
    CHECK(names_in("-", "dev") == "dev-1\n");
  }
  writer.join();
  ::close(ends[0]);
}

TEST_CASE("device list: whoever gave the column, the hint fits") {
  const ScratchFolder folder;
  const Error error = error_in(folder.write("f.csv", "a,b\n1,2\n"), "dev");

  CHECK(error.hint.find("--column") != std::string::npos);
  CHECK(error.hint.find("job file") != std::string::npos);
}

TEST_CASE("device list: the sample lists hold what the README says") {
  const std::string samples = std::string(SLUICE_SOURCE_DIR) + "/samples/";

  CHECK(read_all({{}, samples + "fleet.txt", ""})->devices == 1200);
  CHECK(read_all({{}, samples + "fleet.csv", "device"})->devices == 250);
  CHECK(read_all({{}, samples + "fleet.txt", ""})->duplicates == 0);
}
