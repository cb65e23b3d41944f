// SPDX-License-Identifier: MIT
#include "sluice/core/schedule_moves.hpp"

#include <doctest/doctest.h>

using namespace sluice;

namespace {

using Moves = std::vector<MovedSchedule>;

const FolderSchedule nightly{"nightly", "a.json"};

DeclaringFile declaring(const std::string& file, const std::string& schedule) {
  return {.name = file, .is_valid = true, .schedule = schedule};
}

}  // namespace

TEST_CASE("schedule moves: a schedule goes with its file to another name, and to one of two copies") {
  CHECK(schedules_to_move({nightly}, {declaring("b.json", "nightly")}) == Moves{{"nightly", "b.json"}});
  CHECK(schedules_to_move({nightly}, {declaring("b.json", "nightly"), declaring("c.json", "nightly")}) ==
        Moves{{"nightly", "b.json"}});
}

TEST_CASE("schedule moves: two files that exchange their names exchange their schedules") {
  CHECK(schedules_to_move({nightly, {"hourly", "b.json"}},
                          {declaring("a.json", "hourly"), declaring("b.json", "nightly")}) ==
        Moves{{"nightly", "b.json"}, {"hourly", "a.json"}});
}

TEST_CASE("schedule moves: a schedule stays with a file that still declares it, or that nobody can read") {
  CHECK(
      schedules_to_move({nightly}, {declaring("a.json", "nightly"), declaring("b.json", "nightly")}).empty());
  CHECK(schedules_to_move({nightly}, {{.name = "a.json"}, declaring("b.json", "nightly")}).empty());
}

TEST_CASE("schedule moves: one that nobody declares does not move, nor one that was added by command") {
  CHECK(schedules_to_move({nightly}, {}).empty());
  CHECK(schedules_to_move({nightly}, {declaring("b.json", "hourly")}).empty());
  CHECK(schedules_to_move({{"nightly", ""}}, {declaring("b.json", "nightly")}).empty());
}
