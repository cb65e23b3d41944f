// SPDX-License-Identifier: MIT
#include "app/folder_reading.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "support/temporary_folder.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

const UtcTime noon = from_iso_seconds("2026-06-01T12:00:00Z").value();

struct Jobs {
  tests::TemporaryFolder outside;
  std::string folder = outside / "jobs";

  Jobs() {
    std::filesystem::create_directory(folder);
    std::filesystem::permissions(folder, std::filesystem::perms{0755});
  }

  /// As if it was written then.
  void put(const std::string& name, const std::string& text, UtcTime written = noon - 1h) const {
    const std::string path = outside.write("jobs/" + name, text);
    std::filesystem::permissions(path, std::filesystem::perms{0644});
    std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::from_sys(written));
  }

  FolderFile read(const std::string& name) const {
    const auto files = read_folder(folder, Config{}, [](const char*) { return std::nullopt; }, noon);
    REQUIRE(files.has_value());
    const auto found = std::ranges::find(*files, name, &FolderFile::name);
    REQUIRE(found != files->end());
    return *found;
  }
};

}  // namespace

TEST_CASE("folder reading: a file that was written a moment ago is there, and nothing is said of it yet") {
  const Jobs jobs;
  jobs.put("a.json", "", noon - 199ms);
  jobs.put("b.json", "", noon - 200ms);
  jobs.put("c.json", "", noon + 1s);

  CHECK(jobs.read("a.json").is_being_written);
  CHECK(jobs.read("a.json").error.empty());
  for (const std::string name : {"b.json", "c.json"}) {
    CAPTURE(name);
    CHECK_FALSE(jobs.read(name).is_being_written);
    CHECK_FALSE(jobs.read(name).error.empty());
  }
}

TEST_CASE("folder reading: a link out of the folder is refused, and nothing of what it leads to is told") {
  const Jobs jobs;
  jobs.outside.write("secret", "canary:x:1:");
  jobs.put("real.json", R"({"name": 7})");
  std::filesystem::create_symlink(jobs.outside / "secret", jobs.folder + "/out.json");
  std::filesystem::create_symlink("../secret", jobs.folder + "/up.json");
  std::filesystem::create_symlink("real.json", jobs.folder + "/in.json");

  for (const std::string name : {"out.json", "up.json"}) {
    const std::string error = jobs.read(name).error;
    CAPTURE(error);
    CHECK(error.starts_with("the job file " + name + " is a link that leads out of its folder\n"));
    CHECK(error.find("canary") == std::string::npos);
  }
  CHECK(jobs.read("in.json").error.find("in.json:1:10: name:") != std::string::npos);
}

TEST_CASE("folder reading: a file that anybody may write is refused as such, not read") {
  const Jobs jobs;
  jobs.put("a.json", R"({"name": 7})");
  std::filesystem::permissions(jobs.folder + "/a.json", std::filesystem::perms{0666});

  CHECK(jobs.read("a.json").error == "anybody may write the job file " + jobs.folder +
                                         "/a.json\nTake that right away: chmod o-w " + jobs.folder +
                                         "/a.json. Whoever can change a job file commands the devices.");
}
