// SPDX-License-Identifier: MIT
#include "app/folder_reading.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "support/temporary_folder.hpp"

using namespace sluice;

namespace {

struct Jobs {
  tests::TemporaryFolder outside;
  std::string folder = outside / "jobs";

  Jobs() {
    std::filesystem::create_directory(folder);
    std::filesystem::permissions(folder, std::filesystem::perms{0755});
  }

  void put(const std::string& name, const std::string& text) const {
    const std::string path = outside.write("jobs/" + name, text);
    std::filesystem::permissions(path, std::filesystem::perms{0644});
  }

  FolderFile read(const std::string& name) const {
    const auto files = read_folder(folder, Config{}, [](const char*) { return std::nullopt; });
    REQUIRE(files.has_value());
    const auto found = std::ranges::find(*files, name, &FolderFile::name);
    REQUIRE(found != files->end());
    return *found;
  }
};

}  // namespace

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
