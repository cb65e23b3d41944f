// SPDX-License-Identifier: MIT
// Which word of an operator changes a run, which was said before, and which comes too late.
#include "sluice/core/control_rules.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace sluice;

namespace {

struct Row {
  ControlVerb verb;
  ControlVerdict of_active;
  ControlVerdict of_paused;
  ControlVerdict of_canceled;
  ControlVerdict of_finished;
};

const std::vector<Row> rows{{ControlVerb::pause, ControlVerdict::change, ControlVerdict::already_so,
                             ControlVerdict::refused_canceled, ControlVerdict::refused_finished},
                            {ControlVerb::resume, ControlVerdict::already_so, ControlVerdict::change,
                             ControlVerdict::refused_canceled, ControlVerdict::refused_finished},
                            {ControlVerb::cancel, ControlVerdict::change, ControlVerdict::change,
                             ControlVerdict::already_so, ControlVerdict::refused_finished}};

RunRecord unfinished(RunControl control) {
  RunRecord run;
  run.control = control;
  run.chunks.in_flight = 1;
  return run;
}

RunRecord finished() {
  RunRecord run;
  run.chunks.accepted = 1;
  return run;
}

}  // namespace

TEST_CASE("control rules: every word can be said twice, a cancel is for ever, and the end is the end") {
  for (const Row& row : rows) {
    CAPTURE(to_string(row.verb));
    CHECK(judge(row.verb, unfinished(RunControl::active)) == row.of_active);
    CHECK(judge(row.verb, unfinished(RunControl::paused)) == row.of_paused);
    CHECK(judge(row.verb, unfinished(RunControl::canceled)) == row.of_canceled);
    CHECK(judge(row.verb, finished()) == row.of_finished);
  }
}

TEST_CASE("control rules: a run that was canceled says so, also when nothing of it is left") {
  RunRecord run;
  run.control = RunControl::canceled;
  run.chunks.canceled = 1;

  CHECK(judge(ControlVerb::cancel, run) == ControlVerdict::already_so);
  CHECK(judge(ControlVerb::resume, run) == ControlVerdict::refused_canceled);
}

TEST_CASE("control rules: a resume lifts the pause of the tenant too, so an active run is not so already") {
  RunRecord run = unfinished(RunControl::active);
  run.tenant_pause_reason = "InvalidAccessKeyId.NotFound";

  CHECK(judge(ControlVerb::resume, run) == ControlVerdict::change);
  CHECK(judge(ControlVerb::pause, run) == ControlVerdict::change);
}
