// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "app/plan_file.hpp"
#include "support/temporary_folder.hpp"

using namespace sluice;

namespace {

const std::string plan =
    R"({"schema_version":1,"job":"fw","rate":8.0,"devices":1200,"chunks":12,"digest":"d1","seconds_predicted":1.4})";

std::string with(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

Error error_of(const std::string& path, const std::string& now) {
  const Result<void> same = require_same_plan(path, now);
  REQUIRE(same.has_error());
  return same.error();
}

}  // namespace

TEST_CASE("plan file: the same plan is the same, whatever time it is now said to take") {
  tests::TemporaryFolder folder;
  folder.write("plan.json", plan);

  CHECK(require_same_plan(folder / "plan.json", with(plan, "1.4", "1.5")).has_value());
}

TEST_CASE("plan file: whatever has changed is named, with what it was") {
  tests::TemporaryFolder folder;
  folder.write("plan.json", plan);

  const Error error = error_of(folder / "plan.json", with(with(with(plan, "d1", "d2"), "1200", "1201"),
                                                          "\"chunks\":12", "\"chunks\":13"));

  CHECK(error.kind == ErrorKind::refused);
  CHECK(error.message.ends_with("devices was 1200 and is 1201; chunks was 12 and is 13"));
}

TEST_CASE("plan file: another device in the place of one is a change, though no number tells") {
  tests::TemporaryFolder folder;
  folder.write("plan.json", plan);

  const Error error = error_of(folder / "plan.json", with(plan, "d1", "d2"));

  CHECK(error.message.ends_with("the job file, its parameters, or which devices these are"));
}

TEST_CASE("plan file: a file that is no plan, or not there, is an error of its own") {
  tests::TemporaryFolder folder;
  for (const char* text : {"", "{}", "[1]", "{\"digest\": 5}", "digest"}) {
    CAPTURE(text);
    folder.write("plan.json", text);
    CHECK(error_of(folder / "plan.json", plan).kind == ErrorKind::invalid_input);
  }
  CHECK(error_of(folder / "nowhere.json", plan).kind == ErrorKind::not_found);
}
