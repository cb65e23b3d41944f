// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "app/stage_report.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

constexpr UtcTime noon{std::chrono::seconds{1'800'000'000}};  // 2027-01-15T08:00:00Z

StageSighting three_stages() {
  StageSighting seen;
  seen.stages = {
      {.number = 1, .name = "canary", .devices = 20, .opened_at = noon - 1h, .settled_at = noon - 5min},
      {.number = 2, .name = "10%", .devices = 4980, .approved_at = noon, .approved_by = "li\x1b[0m"},
      {.number = 3, .name = "100%", .devices = 45'000}};
  seen.tally.stages = {
      {.devices = 20, .accepted = 18, .failed = 1, .in_doubt = 1}, {.devices = 4980}, {.devices = 45'000}};
  return seen;
}

}  // namespace

TEST_CASE("stage report: each stage is a line, with how its devices fared or that it has not started") {
  CHECK(stages_text(three_stages()) ==
        "  stage 1   canary: 20 devices, accepted 18, failed 1, in doubt 1\n"
        "  stage 2   10%: 4,980 devices, not started, approved by li\\x1B[0m\n"
        "  stage 3   100%: 45,000 devices, not started\n");
}

TEST_CASE("stage report: what a run waits for is said with when it is over, if that is known") {
  StageSighting seen = three_stages();
  CHECK(stage_why(seen, noon).empty());

  seen.waits_for = "stage canary soaks";
  seen.until = noon + 25min;
  CHECK(stage_why(seen, noon) == "stage canary soaks until 2027-01-15T08:25:00Z (in 25m00s)");
  seen.until.reset();
  CHECK(stage_why(seen, noon) == "stage canary soaks");
}

TEST_CASE("stage report: a closed window is what a run waits for, whatever its stages say") {
  StageSighting seen = three_stages();
  seen.waits_for = "stage canary soaks";
  seen.window = WindowState{.is_open = false, .changes_at = noon + 2h};

  CHECK(stage_why(seen, noon) == "waiting for its window, closed until 2027-01-15T10:00:00Z (in 2h00m)");
}

TEST_CASE("stage report: a script gets the same as objects") {
  JsonText json;
  json.begin_object();
  StageSighting seen = three_stages();
  seen.stages.resize(1);
  write_stages(json, seen);

  CHECK(
      json.end_object().take() ==
      R"({"stages":[{"stage":1,"name":"canary","devices":20,"accepted":18,"failed":1,"in_doubt":1,"canceled":0,)"
      R"("opened_at":"2027-01-15T07:00:00.000Z","settled_at":"2027-01-15T07:55:00.000Z","approved_at":null,)"
      R"("approved_by":"","past_gate":false}]})");
}

TEST_CASE("stage report: a script is told what comes between the stages, and what is waited for now") {
  JsonText json;
  json.begin_object();
  StageSighting seen = three_stages();
  seen.waits_for = "stage canary soaks";
  seen.until = noon + 25min;
  seen.terms = {{.soak = 1800s, .sentences = {"pauses when the 2nd of 20 devices fails"}},
                {.needs_approval = true}};
  write_stage_terms(json, seen);

  CHECK(
      json.end_object().take() ==
      R"({"waits_for":"stage canary soaks","waits_until":"2027-01-15T08:25:00.000Z","wants_approval":false,)"
      R"("terms":[{"needs_approval":false,"soak_seconds":1800.000,)"
      R"("gate":["pauses when the 2nd of 20 devices fails"]},)"
      R"({"needs_approval":true,"soak_seconds":0.000,"gate":[]}]})");
}
