// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "sluice/core/stage_rules.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

constexpr UtcTime noon{std::chrono::seconds{1'800'000'000}};

/// A canary of twenty with a result for each, and a next stage.
struct Between {
  Stage canary{.name = "canary", .devices = 20, .soak = 30min};
  Stage rest{.name = "100%", .percent = everything};
  StageFacts facts;

  Between() {
    canary.gate.rules.failed = Tolerance{.percent = Percent{1000}, .of = ShareOf::stage};
    facts = {.done = &canary, .tally = {.devices = 20, .accepted = 20}, .settled_at = noon, .next = &rest};
  }
  NextStep at(UtcTime now) const { return next_step(facts, now); }
};

}  // namespace

TEST_CASE("stages: the first starts at once, unless it wants an approval") {
  Stage first{.name = "canary", .devices = 5};
  CHECK(next_step({.next = &first}, noon).step == StageStep::open);

  first.approval = Approval{};
  CHECK(next_step({.next = &first}, noon).step == StageStep::await_approval);
  CHECK(next_step({.next = &first, .is_next_approved = true}, noon).step == StageStep::open);
}

TEST_CASE("stages: the next waits for the last result, then for the end of the soak, to the instant") {
  Between between;
  between.facts.settled_at.reset();
  CHECK(between.at(noon).step == StageStep::wait);

  between.facts.settled_at = noon;
  const NextStep soaking = between.at(noon + 30min - 1us);
  CHECK(soaking.step == StageStep::wait);
  CHECK(soaking.until == noon + 30min);
  CHECK(soaking.reason == "stage canary soaks");
  CHECK(between.at(noon + 30min).step == StageStep::open);
}

TEST_CASE("stages: a gate that has seen too little holds, and never promotes") {
  Between between;
  between.canary.gate.min_sample = 20;
  between.facts.tally = {.devices = 20, .accepted = 19, .canceled = 1};

  const NextStep held = between.at(noon + 1h);

  CHECK(held.step == StageStep::hold);
  CHECK(held.reason ==
        "stage canary is over, and its gate holds: 19 of its devices have a result that counts, and the gate "
        "wants 20");
}

TEST_CASE("stages: doubt is no result where it does not count as failure") {
  Between between;
  between.canary.gate.rules.is_doubt_failure = false;
  between.facts.tally = {.devices = 20, .in_doubt = 20};

  CHECK(between.at(noon + 1h).step == StageStep::hold);
}

TEST_CASE("stages: a gate whose limit was passed holds, whoever said to go on within the stage") {
  Between between;
  between.facts.tally = {.devices = 20, .accepted = 17, .failed = 2, .in_doubt = 1};
  CHECK(between.at(noon + 1h).step == StageStep::hold);

  between.facts.tally = {.devices = 20, .accepted = 18, .failed = 1, .in_doubt = 1};
  CHECK(between.at(noon + 1h).step == StageStep::open);
}

TEST_CASE("stages: an approval past the gate overrules it, and an ordinary one does not") {
  Between between;
  between.rest.approval = Approval{};
  between.facts.tally = {.devices = 20, .failed = 20};
  between.facts.is_next_approved = true;
  CHECK(between.at(noon + 1h).step == StageStep::hold);

  between.facts.is_gate_overruled = true;
  CHECK(between.at(noon + 30min - 1us).step == StageStep::wait);
  CHECK(between.at(noon + 30min).step == StageStep::open);
}

TEST_CASE("stages: a gate's limit on the whole run holds as well") {
  Between between;
  between.canary.gate.rules.failed = Tolerance{.count = 3, .of = ShareOf::run};
  between.facts.tally = {.devices = 20, .accepted = 18, .failed = 2};
  between.facts.run = {.devices = 100, .accepted = 18, .failed = 4};
  CHECK(between.at(noon + 1h).step == StageStep::hold);

  between.facts.run.failed = 3;
  CHECK(between.at(noon + 1h).step == StageStep::open);
}

TEST_CASE("stages: a limit that waits for a larger sample than there is holds the gate") {
  Between between;
  between.canary.gate.rules.failed = Tolerance{.percent = Percent{500}, .of = ShareOf::run, .min_sample = 50};
  between.facts.tally = {.devices = 20, .accepted = 16, .failed = 4};
  between.facts.run = {.devices = 200, .accepted = 16, .failed = 4};

  const NextStep held = between.at(noon + 1h);

  CHECK(held.step == StageStep::hold);
  CHECK(held.reason ==
        "stage canary is over, and its gate holds: 20 devices have a result, and a limit of it wants 50");
}

TEST_CASE(
    "stages: a gate that cancels does so for its limits and its outside check, not for want of numbers") {
  Between between;
  between.canary.gate.rules.action = StopAction::cancel;
  between.facts.tally = {.devices = 20, .accepted = 17, .failed = 3};
  CHECK(between.at(noon + 1h).action == StopAction::cancel);

  between.facts.tally = {.devices = 20, .canceled = 20};
  CHECK(between.at(noon + 1h).step == StageStep::hold);
  CHECK(between.at(noon + 1h).action == StopAction::pause);

  between.facts.tally = {.devices = 20, .accepted = 20};
  between.canary.gate.check = OutsideCheck{.command = {"check"}};
  between.facts.asked_at = noon + 30min;
  between.facts.answer = GateAnswer::fail;
  CHECK(between.at(noon + 1h).action == StopAction::cancel);
}

TEST_CASE("stages: the outside check is asked after the soak, and again while it is inconclusive") {
  Between between;
  between.canary.gate.check = OutsideCheck{.command = {"check"}, .every = 30s};
  CHECK(between.at(noon).step == StageStep::wait);
  CHECK(between.at(noon + 30min).step == StageStep::ask);

  between.facts.answer = GateAnswer::inconclusive;
  between.facts.asked_at = noon + 30min;
  const NextStep waiting = between.at(noon + 30min + 10s);
  CHECK(waiting.step == StageStep::wait);
  CHECK(waiting.until == noon + 30min + 30s);
  CHECK(between.at(noon + 30min + 30s).step == StageStep::ask);

  between.facts.answer = GateAnswer::fail;
  CHECK(between.at(noon + 31min).step == StageStep::hold);
  between.facts.answer = GateAnswer::pass;
  CHECK(between.at(noon + 31min).step == StageStep::open);
}

TEST_CASE("stages: a stage that nobody is in is passed over, its soak and its gate too") {
  Between between;
  between.facts.tally = {};

  CHECK(between.at(noon).step == StageStep::open);
}

TEST_CASE("stages: nothing follows the last") {
  Between between;
  between.facts.next = nullptr;

  CHECK(between.at(noon).step == StageStep::finish);
}
