// SPDX-License-Identifier: MIT
#include "app/job_file_trust.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace sluice;

namespace {

constexpr uid_t own = 990;
constexpr uid_t wang = 1000;
constexpr uid_t mallory = 1001;
constexpr gid_t operators = 50;
constexpr gid_t users = 100;

struct stat entry(uid_t user, gid_t group, mode_t mode) {
  struct stat status{};
  status.st_uid = user;
  status.st_gid = group;
  status.st_mode = mode;
  return status;
}

const struct stat folder_of_wang = entry(wang, users, 0755);
const struct stat folder_of_operators = entry(0, operators, 02775);

std::string told(const struct stat& file, const struct stat& folder) {
  const Result<void> checked = check_job_file_rights("/jobs/a.json", file, folder, own);
  return checked.has_error() ? checked.error().message : "";
}

}  // namespace

TEST_CASE("job file trust: a file of the daemon's user, of root, or of the folder's owner is taken up") {
  for (const uid_t user : {own, uid_t{0}, wang}) {
    CAPTURE(user);
    CHECK(told(entry(user, users, 0644), folder_of_wang) == "");
  }
  CHECK(told(entry(mallory, users, 0644), folder_of_wang) ==
        "the job file /jobs/a.json belongs to user 1001, who may not write into its folder");
}

TEST_CASE("job file trust: one that anybody may write is not taken up, whosever it is") {
  CHECK(told(entry(own, users, 0646), folder_of_wang) == "anybody may write the job file /jobs/a.json");
  CHECK(told(entry(wang, operators, 0666), folder_of_operators) ==
        "anybody may write the job file /jobs/a.json");
}

TEST_CASE("job file trust: a group that may write into the folder may write its files, and no other group") {
  CHECK(told(entry(mallory, operators, 0664), folder_of_operators) == "");
  CHECK(told(entry(own, users, 0664), folder_of_operators) ==
        "group 100 may write the job file /jobs/a.json, and not into its folder");
  CHECK(told(entry(own, users, 0664), folder_of_wang) ==
        "group 100 may write the job file /jobs/a.json, and not into its folder");
  CHECK(told(entry(mallory, users, 0644), folder_of_operators) ==
        "the job file /jobs/a.json belongs to user 1001, who may not write into its folder");
}
