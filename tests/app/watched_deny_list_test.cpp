// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "app/watched_deny_list.hpp"
#include "support/temporary_folder.hpp"

using namespace sluice;

namespace {

const TellOfDenyList nobody_is_told = [](const Error& why) { FAIL_CHECK(why.message); };

}  // namespace

TEST_CASE(
    "deny list: an entry that is added counts from the next question on, and one that is taken out too") {
  tests::TemporaryFolder folder;
  const std::string file = folder.write("deny.txt", "dev-0001\n");
  WatchedDenyList list{file, nullptr, nobody_is_told};
  CHECK(list.denies("dev-0001"));
  CHECK_FALSE(list.denies("dev-0002"));

  folder.write("deny.txt", "dev-0002\ndev-0003\n");

  CHECK(list.denies("dev-0002"));
  CHECK_FALSE(list.denies("dev-0001"));
}

TEST_CASE("deny list: one that is gone or damaged stays in force as it was, which is told once") {
  tests::TemporaryFolder folder;
  const std::string file = folder.write("deny.txt", "dev-0001\n");
  std::vector<std::string> told;
  WatchedDenyList list{file, nullptr, [&told](const Error& why) { told.push_back(why.message); }};
  CHECK(list.denies("dev-0001"));
  CHECK(told.empty());

  folder.write("deny.txt", "no name at all: !\n");
  CHECK(list.denies("dev-0001"));
  std::filesystem::remove(file);
  CHECK(list.denies("dev-0001"));
  REQUIRE(told.size() == 1);
  CHECK(told[0].find("deny.txt:1") != std::string::npos);
  folder.write("deny.txt", "dev-0009\n");
  CHECK(list.denies("dev-0009"));
  CHECK_FALSE(list.denies("dev-0001"));
}

TEST_CASE("deny list: without a file nobody is denied") {
  WatchedDenyList list{"", nullptr, nobody_is_told};
  CHECK_FALSE(list.denies("dev-0001"));
}
