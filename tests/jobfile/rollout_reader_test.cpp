// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <string>

#include "sluice/jobfile/job_file.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

std::string job_with(const std::string& keys) {
  return "{\"name\": \"fw\", \"call\": {\"product_key\": \"a1\", \"identifier\": \"Set\"},\n" + keys + "}";
}

Rollout rollout_of(const std::string& keys) {
  const Result<Job> job = read_job("job.json", job_with(keys));
  INFO((job.has_error() ? job.error().message : std::string{}));
  REQUIRE(job.has_value());
  return job->rollout;
}

std::string error_of(const std::string& keys) {
  const Result<Job> job = read_job("job.json", job_with(keys));
  REQUIRE(job.has_error());
  return job.error().message;
}

bool tells(const std::string& keys, const std::string& expected) {
  const std::string message = error_of(keys);
  INFO(message);
  return message.find(expected) != std::string::npos;
}

}  // namespace

TEST_CASE("rollout: the stages of a job are read as they are written") {
  const Rollout rollout = rollout_of(R"("stages": [
    {"name": "canary", "devices": 20, "stratify_by": ["hw", "site"], "seed": 7, "soak": "30m",
     "gate": {"failed": "2%", "min_sample": 20, "codes": {"iot.device.NotFoundDevice": 3}, "action": "cancel"}},
    {"percent": 10, "approval": {"not_by_submitter": true}},
    {"percent": 100, "gate": "none"}])");

  REQUIRE(rollout.stages.size() == 3);
  const Stage& canary = rollout.stages[0];
  CHECK(canary.name == "canary");
  CHECK(canary.devices == 20);
  CHECK(canary.choice.kind == StageChoice::Kind::stratify);
  CHECK(canary.choice.columns == std::vector<std::string>{"hw", "site"});
  CHECK(canary.choice.seed == 7);
  CHECK(canary.soak == 30min);
  REQUIRE(canary.gate.rules.failed);
  CHECK(canary.gate.rules.failed->percent == Percent{200});
  CHECK(canary.gate.rules.failed->of == ShareOf::stage);
  CHECK(canary.gate.min_sample == 20);
  CHECK(canary.gate.rules.codes ==
        std::vector<CodeTolerance>{{"iot.device.NotFoundDevice", {.count = 3, .of = ShareOf::stage}}});
  CHECK(canary.gate.rules.action == StopAction::cancel);
  CHECK(rollout.stages[1].name == "10%");
  CHECK(rollout.stages[1].percent == Percent{1000});
  CHECK(rollout.stages[1].approval == Approval{.not_by_submitter = true});
  CHECK(rollout.stages[2].gate.is_open);
}

TEST_CASE("rollout: a stage without a gate tolerates five percent, and no more") {
  const Rollout rollout = rollout_of(R"("stages": [{"devices": 20}, {"percent": 100}])");

  const Gate& gate = rollout.stages.at(0).gate;
  CHECK_FALSE(gate.is_open);
  REQUIRE(gate.rules.failed);
  CHECK(gate.rules.failed->percent == Percent{500});
  CHECK(gate.rules.is_doubt_failure);
}

TEST_CASE("rollout: cautious is ten devices, one, ten and fifty percent, and all") {
  const Rollout rollout = rollout_of(R"("stages": "cautious")");

  REQUIRE(rollout.stages.size() == 5);
  CHECK(rollout.stages[0].devices == 10);
  CHECK(rollout.stages[1].percent == Percent{100});
  CHECK(rollout.stages[2].percent == Percent{1000});
  CHECK(rollout.stages[3].percent == Percent{5000});
  CHECK(rollout.stages[4].percent == everything);
  CHECK(rollout_of(R"("stages": "none")").is_unstaged_on_purpose);
}

TEST_CASE("rollout: thresholds of the run are counts or percentages of it") {
  const Rollout rollout = rollout_of(R"("abort": {"failed": {"max": "0.5%", "min_sample": 1000},
    "in_doubt": 200, "in_doubt_counts_as_failed": false, "rejected_in_a_row": 3})");

  CHECK(rollout.abort.failed == Tolerance{.percent = Percent{50}, .of = ShareOf::run, .min_sample = 1000});
  CHECK(rollout.abort.in_doubt == Tolerance{.count = 200, .of = ShareOf::run});
  CHECK_FALSE(rollout.abort.is_doubt_failure);
  CHECK(rollout.abort.rejected_in_a_row == 3);
}

TEST_CASE("rollout: an outside check is a command or an address") {
  const Rollout rollout = rollout_of(R"("stages": [
    {"devices": 5, "gate": {"check": {"command": ["/opt/healthy.sh", "--quick"], "every": "10s"}}},
    {"percent": 50, "gate": {"check": {"url": "https://health.example/fw", "timeout": "5s"}}},
    {"percent": 100}])");

  REQUIRE(rollout.stages.at(0).gate.check);
  CHECK(rollout.stages[0].gate.check->command == std::vector<std::string>{"/opt/healthy.sh", "--quick"});
  CHECK(rollout.stages[0].gate.check->every == 10s);
  REQUIRE(rollout.stages[1].gate.check);
  CHECK(rollout.stages[1].gate.check->url == "https://health.example/fw");
  CHECK(rollout.stages[1].gate.check->timeout == 5s);
  CHECK_FALSE(rollout.stages[2].gate.check);
}

TEST_CASE("rollout: what cannot be meant is refused, with its place") {
  const std::pair<std::string, std::string> rows[] = {
      {R"("stages": [{"devices": 20}, {"percent": 50}])", "the stages do not reach the whole run"},
      {R"("stages": [{"percent": 10}, {"percent": 10}, {"percent": 100}])",
       "job.json:2:29: stages[1].percent: 10% adds nothing"},
      {R"("stages": [{"percent": 101}])", "stages[0].percent: expected a number above 0 and at most 100"},
      {R"("stages": [{"percent": 0}])", "stages[0].percent: expected a number above 0"},
      {R"("stages": [{"percent": 33.333}])", "two digits behind the point"},
      {R"("stages": [{"percent": 100, "devices": 3}])", "expected exactly one of"},
      {R"("stages": [{"name": "x"}, {"percent": 100}])", "stages[0]: expected exactly one of"},
      {R"("stages": [])", "expected 1 to 50 stages"},
      {R"("stages": "careful")", "expected a list of stages, \"cautious\" or \"none\""},
      {R"("stages": [{"devices": 1}, {"percent": 100, "choose": "shuffle"}])",
       "stages[1].choose: only the first stage chooses its devices"},
      {R"("stages": [{"devices": 1, "choose": "shuffle", "stratify_by": ["hw"]}, {"percent": 100}])",
       "only one of \"choose\", \"stratify_by\" and \"only\""},
      {R"("stages": [{"only": ["dev-1", "x"]}, {"percent": 100}])",
       "stages[0].only: this is not a device name"},
      {R"("stages": [{"name": "a", "devices": 1}, {"name": "a", "percent": 100}])",
       "stages[1].name: another stage has the same name"},
      {R"("stages": [{"devices": 1, "gate": {"failed": "five"}}, {"percent": 100}])",
       "stages[0].gate.failed: expected a number of devices, or a percentage"},
      {R"("stages": [{"devices": 1, "gate": {"failed": -1}}, {"percent": 100}])", "stages[0].gate.failed"},
      {R"("stages": [{"devices": 1, "gate": {"check": {}}}, {"percent": 100}])",
       "exactly one of \"command\" and \"url\""},
      {R"("stages": [{"devices": 1, "gate": {"check": {"url": "ftp://x"}}}, {"percent": 100}])", "check.url"},
      {R"("stages": [{"devices": 1, "gate": {"check": {"command": ["./x.sh"]}}}, {"percent": 100}])",
       "check.command: expected a program with its whole path"},
      {R"("stages": [{"devices": 1}, {"percent": 100, "soak": "5s"}])", "stages[1].soak: the last stage"},
      {R"("stages": [{"devices": 1}, {"percent": 100, "gate": {"check": {"command": ["true"]}}}])",
       "stages[1].gate.check: the last stage"},
      {R"("devices_per_minute": 99)", "devices_per_minute: a chunk has up to 100 devices"},
      {R"("abort": {"failed": {"max": "5%", "of": "fleet"}})",
       "abort.failed.of: expected \"stage\" or \"run\""},
      {R"("abort": {"failed": {"min_sample": 5}})", "abort.failed.max: missing"},
      {R"("abort": {"action": "explode"})", "abort.action: expected \"pause\" or \"cancel\""},
      {R"("abort": {"fialed": 5})", "abort.fialed: unknown key; did you mean \"failed\"?"},
      {R"("priority": "high")", "priority: \"high\" is no such word"},
      {R"("conflict": "skipp")", "did you mean \"skip\"?"},
      {R"("devices_per_minute": 0)", "devices_per_minute"},
      {R"("compensate": {"product_key": "a1"})", "compensate.identifier: missing"},
  };
  for (const auto& [keys, expected] : rows) {
    CAPTURE(keys);
    CHECK(tells(keys, expected));
  }
}
