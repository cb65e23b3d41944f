// SPDX-License-Identifier: MIT
// Which devices a job is for and what each is sent, by the program itself.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <set>
#include <string>

#include "end_to_end/scene.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

constexpr const char* rollout = R"({
  "name": "fw",
  "params": {"version": {"type": "string", "default": "2.14.0"}, "ratio": {"type": "number"}},
  "call": {"product_key": "a1BwAGVxxxx", "identifier": "Set",
           "args": {"v": "${param.version}", "url": "https://x/${column.model}.bin", "r": "${param.ratio}"}},
  "targets": {"devices_file": "fleet.csv", "where": "fw < '2.10.0'", "exclude_file": "old.txt"},
})";

/// 40 devices of two models: every fourth has 2.10.0 and so is not meant; one is excluded, one denied.
struct Rollout : Scene {
  Rollout() : Scene(3) {
    std::string rows = "device,model,fw\n";
    for (int i = 0; i < 40; ++i)
      rows += fmt::format("dev-{:03},m{},{}\n", i, i % 2, i % 4 == 3 ? "2.10.0" : "2.9.1");
    folder.write("fleet.csv", rows);
    folder.write("old.txt", "dev-000\n");
    folder.write("deny.txt", "dev-001\ndev-003\n");
    folder.write("c.json", R"({"tenants": {"t": {"deny_file": "deny.txt"}}})");
    folder.write("job.json", rollout);
  }

  Words with(std::string_view verb, const Words& more = {}) const {
    Words words{std::string(verb), job, "--config", folder / "c.json"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  Words to(std::string_view verb, const Words& more = {}) const { return with(verb, to_cloud(more)); }
};

}  // namespace

TEST_CASE("end to end: a plan counts what is left out and why, and the different arguments") {
  const Rollout scene;

  const ProgramEnd plan =
      scene.sluice(scene.with("plan", {"--endpoint", "http://127.0.0.1:9", "--set", "ratio=10.0"}));

  CHECK_MESSAGE(plan.exit_code == 0, plan.err);
  CHECK(
      plan.out.find("devices    28\n"
                    "left out   10 not matched by the condition, 1 excluded, 1 denied by the tenant's list\n"
                    "arguments  2 different ones\n"
                    "chunks     2 of at most 100 devices\n") != std::string::npos);
}

TEST_CASE("end to end: each device is sent its own arguments, with the types and spelling of their source") {
  Rollout scene;
  scene.start_cloud();

  const ProgramEnd submitted =
      scene.sluice(scene.to("submit", {"--set", "ratio=10.0", "--expect-devices", "28", "--output", "json"}));

  REQUIRE_MESSAGE(submitted.exit_code == 0, submitted.err);
  const boost::json::object answer = json_object(submitted.out);
  CHECK(answer.at("devices") == 28);
  CHECK(answer.at("unmatched") == 10);
  CHECK(answer.at("excluded") == 1);
  CHECK(answer.at("denied") == 1);
  CHECK(answer.at("chunks") == 2);
  CHECK(submitted.err.starts_with(
      "left out: 10 not matched by the condition, 1 excluded, 1 denied by the tenant's list\n"));
  const ProgramEnd sent = scene.sluice(scene.resume({"--config", scene.folder / "c.json"}));
  CHECK_MESSAGE(sent.exit_code == 0, sent.err);
  CHECK(each_once(scene.executions(), 28));
}

TEST_CASE("end to end: params that are unknown, missing or of another type are wrong use, all told at once") {
  const Rollout scene;

  const ProgramEnd end = scene.sluice(scene.with("validate", {"--set", "versoin=1"}));
  CHECK(end.exit_code == 2);
  CHECK(end.err.find("--set versoin: ") != std::string::npos);
  CHECK(end.err.find("did you mean \"version\"?") != std::string::npos);
  CHECK(end.err.find("job.json:3:66: params.ratio: no value, and no default") != std::string::npos);

  CHECK(scene.sluice(scene.with("validate", {"--set", "ratio"})).exit_code == 2);
  CHECK(scene.sluice(scene.with("validate", {"--set", "ratio=ten"})).exit_code == 2);
  CHECK(scene.sluice(scene.with("validate", {"--set", "ratio=1", "--set", "version=x"})).out ==
        scene.job + ": valid, 29 devices (10 not matched by the condition, 1 excluded)\n");
}

TEST_CASE(
    "end to end: a column that is not there and a value that is missing stop a job before it is queued") {
  const Rollout scene;
  scene.folder.write("fleet.csv", "device,model,fw\ndev-000,m0,2.9\ndev-001,,2.9\n");
  scene.folder.write("c.json", "{}");

  const ProgramEnd missing = scene.sluice(scene.with("validate", {"--set", "ratio=1"}));
  CHECK(missing.exit_code == 3);
  CHECK(missing.err.find("fleet.csv:3: column \"model\": is empty or missing; needed at ") !=
        std::string::npos);
  CHECK(missing.err.find("job.json:5:64: call.args") != std::string::npos);

  scene.folder.write("fleet.csv", "device,modell,fw\ndev-000,m0,2.9\n");
  const ProgramEnd unknown = scene.sluice(scene.with("validate", {"--set", "ratio=1"}));
  CHECK(unknown.exit_code == 3);
  CHECK(unknown.err.find("call.args: there is no column \"model\"") != std::string::npos);
  CHECK(unknown.err.find("Did you mean \"modell\"?") != std::string::npos);
}

TEST_CASE("end to end: a tenant's list that is not there stops a plan, rather than allow all") {
  const Rollout scene;
  scene.folder.write("c.json", R"({"tenants": {"t": {"deny_file": "gone.txt"}}})");

  const ProgramEnd end =
      scene.sluice(scene.with("plan", {"--endpoint", "http://127.0.0.1:9", "--set", "ratio=1"}));

  CHECK(end.exit_code == 4);
  CHECK(end.err.find("gone.txt: there is no such device list") != std::string::npos);
}

TEST_CASE("end to end: more than 500 devices without stages are refused until their number is said") {
  Scene scene{501};
  const Words submit{"submit", scene.job, "--store", scene.store, "--endpoint", "http://127.0.0.1:9"};

  const ProgramEnd refused = scene.sluice(submit);

  CHECK(refused.exit_code == 6);
  CHECK(refused.err.find("the job has 501 devices and no \"stages\"") != std::string::npos);
  CHECK(refused.err.find("sluice submit " + scene.job) != std::string::npos);
  CHECK(refused.err.find(" --expect-devices 501\n") != std::string::npos);
  Words expecting = submit;
  expecting.insert(expecting.end(), {"--expect-devices", "501"});
  CHECK(scene.sluice(expecting).exit_code == 0);
  scene.folder.write("job.json", job_text(R"("stages": "none", "conflict": "allow",)"));
  CHECK(scene.sluice(submit).exit_code == 0);
}

TEST_CASE("end to end: a list on standard input is read twice where stages ask for it") {
  Scene scene{3};
  scene.folder.write("job.json",
                     job_text(R"("stages": [{"devices": 2, "choose": "shuffle"}, {"percent": 100}],)"));

  const ProgramEnd end = scene.sluice({"submit", scene.job, "--devices", "-", "--store", scene.store,
                                       "--endpoint", "http://127.0.0.1:9", "--output", "json"},
                                      device_lines(5000));

  REQUIRE_MESSAGE(end.exit_code == 0, end.err);
  CHECK(json_object(end.out).at("devices") == 5000);
  CHECK(json_object(end.out).at("chunks") == 51);
}
