// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "sluice/core/stop_rules.hpp"

using namespace sluice;

namespace {

ChunkResult failed(int devices, std::string code = "iot.device.NotFoundDevice", int stage = 1) {
  return {.stage = stage,
          .devices = devices,
          .is_part = true,
          .state = ChunkState::failed,
          .outcome = OutcomeKind::rejected_devices,
          .code = std::move(code)};
}

ChunkResult accepted(int devices, int stage = 1) {
  return {
      .stage = stage, .devices = devices, .state = ChunkState::succeeded, .outcome = OutcomeKind::accepted};
}

ChunkResult doubtful(int devices) {
  return {
      .devices = devices, .state = ChunkState::in_doubt, .outcome = OutcomeKind::silent, .code = "timeout"};
}

ChunkResult refused(int devices) {
  return {
      .devices = devices, .state = ChunkState::split, .outcome = OutcomeKind::rejected_devices, .code = "x"};
}

/// A run of one stage that has so many devices, and what its results come to, one after the other.
struct Watched {
  Rollout rollout;
  RunTally tally;

  explicit Watched(Rollout of, std::vector<std::int64_t> devices = {100}) : rollout(std::move(of)) {
    tally.stages.resize(devices.size());
    for (std::size_t i = 0; i < devices.size(); ++i) tally.stages[i].devices = devices[i];
  }

  std::optional<Trip> after(const ChunkResult& result) {
    heed(tally, result);
    return judge(rollout, tally, result);
  }
};

Rollout aborting(StopRules rules) { return {.abort = std::move(rules)}; }

}  // namespace

TEST_CASE("stop: five tolerated failures of a hundred trip at the sixth, as the sentence says") {
  const StopRules rules{.failed = Tolerance{.percent = Percent{500}}};
  Watched run{aborting(rules)};

  CHECK_FALSE(run.after(failed(5)));
  const std::optional<Trip> trip = run.after(failed(1));

  REQUIRE(trip);
  CHECK(trip->action == StopAction::pause);
  CHECK(trip->reason == "6 of 100 devices failed or are in doubt, and 5 are tolerated");
  CHECK(sentences(rules, 100, 100) ==
        std::vector<std::string>{
            "pauses when the 6th of 100 devices fails or is in doubt (5 % of the run tolerated)"});
}

TEST_CASE("stop: a percentage is rounded down, so half a device is none") {
  CHECK(tolerated({.percent = Percent{500}}, 19) == 0);
  CHECK(tolerated({.percent = Percent{500}}, 20) == 1);
  CHECK(tolerated({.percent = Percent{1}}, 1'000'000) == 100);
  CHECK(tolerated({.count = 7, .percent = {}}, 20) == 7);
}

TEST_CASE("stop: doubt counts as failure unless the job says otherwise") {
  Watched strict{aborting({.failed = Tolerance{.count = 5}})};
  CHECK(strict.after(doubtful(6)));

  Watched lenient{aborting({.failed = Tolerance{.count = 5}, .is_doubt_failure = false})};
  CHECK_FALSE(lenient.after(doubtful(6)));
  CHECK(lenient.after(failed(6)));
}

TEST_CASE("stop: doubt has a limit of its own") {
  Watched run{aborting({.in_doubt = Tolerance{.count = 10}})};

  CHECK_FALSE(run.after(failed(50)));
  CHECK_FALSE(run.after(doubtful(10)));
  const std::optional<Trip> trip = run.after(doubtful(1));

  REQUIRE(trip);
  CHECK(trip->reason == "11 of 100 devices are in doubt, and 10 are tolerated");
}

TEST_CASE("stop: nothing is judged before the sample is there, and then at once") {
  Watched run{aborting({.failed = Tolerance{.count = 0, .min_sample = 50}})};

  CHECK_FALSE(run.after(failed(1)));
  CHECK_FALSE(run.after(accepted(47)));
  CHECK_FALSE(run.after(failed(1)));
  CHECK(run.after(failed(1)));
}

TEST_CASE("stop: a success that completes the sample brings to light what had failed before") {
  Watched run{aborting({.failed = Tolerance{.count = 5, .min_sample = 60}})};

  CHECK_FALSE(run.after(failed(50)));
  const std::optional<Trip> trip = run.after(accepted(10));

  REQUIRE(trip);
  CHECK(trip->reason == "50 of 100 devices failed or are in doubt, and 5 are tolerated");
  CHECK_FALSE(run.after(accepted(10)));
}

TEST_CASE("stop: after a person has said to go on, a success does not trip again, and a failure does") {
  Watched run{aborting({.failed = Tolerance{.count = 0}})};
  CHECK(run.after(failed(1)));

  CHECK_FALSE(run.after(accepted(50)));
  CHECK(run.after(failed(1)));
}

TEST_CASE("stop: a share of the stage and a share of the run are told apart") {
  Rollout rollout;
  rollout.stages.resize(2);
  rollout.stages[0].name = "canary";
  rollout.stages[1].name = "all";
  rollout.stages[0].gate.rules.failed = Tolerance{.percent = Percent{1000}, .of = ShareOf::stage};
  rollout.abort.failed = Tolerance{.percent = Percent{1000}, .of = ShareOf::run};
  rollout.abort.action = StopAction::cancel;

  Watched canary{rollout, {20, 80}};
  CHECK_FALSE(canary.after(failed(2)));
  const std::optional<Trip> trip = canary.after(failed(1));
  REQUIRE(trip);
  CHECK(trip->action == StopAction::pause);
  CHECK(trip->reason == "3 of 20 devices in stage canary failed or are in doubt, and 2 are tolerated");

  Watched rest{rollout, {20, 80}};
  CHECK_FALSE(rest.after(failed(2)));
  CHECK_FALSE(rest.after(failed(8, "x", 2)));
  const std::optional<Trip> of_run = rest.after(failed(1, "x", 2));
  REQUIRE(of_run);
  CHECK(of_run->action == StopAction::cancel);
  CHECK(of_run->reason == "11 of 100 devices failed or are in doubt, and 10 are tolerated");
}

TEST_CASE("stop: of two thresholds that are passed at once, the one that cancels counts") {
  Rollout rollout;
  rollout.stages.resize(1);
  rollout.stages[0].gate.rules.failed = Tolerance{.of = ShareOf::stage};
  rollout.abort.failed = Tolerance{.of = ShareOf::run};
  rollout.abort.action = StopAction::cancel;
  Watched run{rollout};

  const std::optional<Trip> trip = run.after(failed(1));

  REQUIRE(trip);
  CHECK(trip->action == StopAction::cancel);
}

TEST_CASE("stop: refused chunks in a row trip, and one that is accepted starts the row anew") {
  Watched run{aborting({.rejected_in_a_row = 3})};

  CHECK_FALSE(run.after(refused(10)));
  CHECK_FALSE(run.after(refused(10)));
  CHECK_FALSE(run.after(accepted(10)));
  CHECK_FALSE(run.after(refused(10)));
  CHECK_FALSE(run.after(failed(1)));  // a part of a chunk that was refused is no chunk of the row
  CHECK_FALSE(run.after(refused(10)));
  const std::optional<Trip> trip = run.after(refused(10));

  REQUIRE(trip);
  CHECK(trip->reason == "3 chunks in a row were refused");
}

TEST_CASE("stop: a code has a limit of its own, whatever else fails") {
  Watched run{aborting({.codes = {{"iot.device.Offline", Tolerance{.count = 2}}}})};

  CHECK_FALSE(run.after(failed(90)));
  CHECK_FALSE(run.after(failed(2, "iot.device.Offline")));
  const std::optional<Trip> trip = run.after(failed(1, "iot.device.Offline"));

  REQUIRE(trip);
  CHECK(trip->reason == "3 of 100 devices ended with iot.device.Offline, and 2 are tolerated");
}

TEST_CASE("stop: every rule reads as a sentence") {
  const StopRules rules{.failed = Tolerance{.percent = Percent{250}, .of = ShareOf::stage, .min_sample = 20},
                        .in_doubt = Tolerance{.count = 0},
                        .is_doubt_failure = false,
                        .rejected_in_a_row = 3,
                        .codes = {{"X.Y", Tolerance{.count = 10}}},
                        .action = StopAction::cancel};

  CHECK(
      sentences(rules, 400, 50'000) ==
      std::vector<std::string>{
          "cancels when the 11th of 400 devices fails (2.50 % of the stage tolerated), once 20 have a result",
          "cancels when the 1st of 50000 devices is in doubt",
          "cancels when the 11th of 50000 devices ends with X.Y",
          "cancels when 3 chunks in a row are refused"});
  CHECK(sentences({.failed = Tolerance{.count = 10}}, 5, 5) ==
        std::vector<std::string>{
            "never pauses because a device fails or is in doubt: 10 are tolerated, and there are 5"});
}

TEST_CASE("stop: a sample that is larger than what it is taken from is found before anything is sent") {
  Rollout rollout;
  rollout.stages.resize(2);
  rollout.stages[0].gate.min_sample = 30;
  rollout.stages[1].gate.rules.failed = Tolerance{.of = ShareOf::stage, .min_sample = 81};
  rollout.abort.failed = Tolerance{.min_sample = 101};

  CHECK(impossible_samples(rollout, {20, 80}) ==
        std::vector<std::string>{
            "stages[0].gate.min_sample: 30 devices are wanted, and the stage has only 20",
            "stages[1].gate.failed.min_sample: 81 devices are wanted, and the stage has only 80",
            "abort.failed.min_sample: 101 devices are wanted, and the run has only 100"});
  CHECK(impossible_samples(rollout, {30, 81}).empty());

  // Of the run, a gate sees what was sent until then.
  Rollout early;
  early.stages.resize(2);
  early.stages[0].gate.rules.failed = Tolerance{.of = ShareOf::run, .min_sample = 50};
  CHECK(impossible_samples(early, {20, 80}).size() == 1);
  CHECK(impossible_samples(early, {50, 50}).empty());
}
