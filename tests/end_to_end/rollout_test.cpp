// SPDX-License-Identifier: MIT
// A rollout in stages by the program as it is shipped: the sample with 50,000 devices in virtual time, and
// what an operator does with a run afterwards.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include <boost/json.hpp>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "end_to_end/scene.hpp"

namespace sluice::tests {
namespace {

const std::string sample = std::string{SLUICE_SOURCE_DIR} + "/samples/firmware_rollout.json";
const std::string faults = std::string{SLUICE_SOURCE_DIR} + "/samples/faults/";

/// 50,000 devices on five sites, of three kinds of hardware; one site is a laboratory.
std::string fleet_csv(int devices) {
  constexpr std::array<const char*, 5> sites{"hamburg", "berlin", "\"Köln, Nord\"", "münchen", "lab"};
  std::string text = "device,site,hw\n";
  for (int i = 0; i < devices; ++i)
    text += fmt::format("fleet-{:06},{},v{}\n", i, sites[static_cast<std::size_t>(i) % 5], 1 + i / 7 % 3);
  return text;
}

Words rehearsal(const std::string& list, const Words& words = {}) {
  Words all{"rehearse", sample, "--devices", list, "--virtual", "--start", "2026-01-01T00:00:00Z"};
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

/// The verb and its words, then the options that lead to the cloud.
Words at_cloud(const Scene& scene, Words words) {
  const Words options = scene.to_cloud({});
  words.insert(words.end(), options.begin(), options.end());
  return words;
}

bool says(const std::string& text, const std::string& expected) {
  INFO(text);
  return text.find(expected) != std::string::npos;
}

}  // namespace

TEST_CASE(
    "end to end: the sample's firmware rollout takes 50,000 devices through its stages in virtual time") {
  Scene scene{1};
  const std::string list = scene.folder.write("fleet.csv", fleet_csv(50'000));

  const ProgramEnd plan =
      scene.sluice({"plan", sample, "--devices", list, "--endpoint", "https://x", "--output", "json"});
  REQUIRE_MESSAGE(plan.exit_code == 0, plan.err);
  const boost::json::object planned = json_object(plan.out);
  // A fifth is the laboratory's. A tenth of the rest is 4,000, of which 20 are canaries.
  CHECK(planned.at("devices").as_int64() == 40'000);
  CHECK(planned.at("unmatched").as_int64() == 10'000);
  CHECK(planned.at("groups").as_int64() == 3);
  std::vector<std::int64_t> sizes;
  for (const auto& stage : planned.at("stages").as_array())
    sizes.push_back(stage.as_object().at("devices").as_int64());
  CHECK(sizes == std::vector<std::int64_t>{20, 3980, 36'000});

  const ProgramEnd end = scene.sluice(rehearsal(list, {"--output", "json"}));

  REQUIRE_MESSAGE(end.exit_code == 0, end.err);
  const boost::json::object summary = json_object(end.out);
  CHECK(summary.at("devices").as_object().at("accepted").as_int64() == 40'000);
  // Soaks of 30 and 10 minutes; 400 chunks at ten a second, and a few more for what stages and groups leave.
  const double seconds = summary.at("seconds").as_double();
  CHECK(seconds >= 2400 + 39.9);
  CHECK(seconds <= 2400 + 42);
  CHECK(planned.at("seconds_predicted").as_double() == doctest::Approx(seconds).epsilon(0.05));
  CHECK(says(end.err, "more than once          0"));
}

TEST_CASE("end to end: a canary among many bad devices stops the rollout, and nobody else gets the command") {
  Scene scene{1};
  const std::string list = scene.folder.write("fleet.csv", fleet_csv(50'000));
  const std::string ledger = scene.folder / "ledger.ndjson";

  const ProgramEnd end =
      scene.sluice(rehearsal(list, {"--faults", faults + "many-bad-devices.json", "--ledger", ledger}));

  CHECK(end.exit_code == 8);
  CHECK(says(end.out, "of 20 devices in stage canary failed or are in doubt, and 1 is tolerated"));
  CHECK(says(end.out, "stage 1   canary: 20 devices"));
  CHECK(says(end.out, "stage 2   tenth: 3,980 devices, not started"));
}

TEST_CASE("end to end: the same seed chooses the same canaries, of every site and hardware") {
  Scene scene{1};
  const std::string list = scene.folder.write("fleet.csv", fleet_csv(5000));
  const auto canaries = [&](const std::string& store) {
    const std::string path = scene.folder / store;
    const ProgramEnd end =
        scene.sluice(rehearsal(list, {"--store", path, "-q", "--faults", faults + "many-bad-devices.json"}));
    CHECK(end.exit_code == 8);
    const ProgramEnd pending =
        scene.sluice({"results", "1", "--store", path, "--state", "pending", "--output", "txt"});
    std::set<std::string> rest;
    std::istringstream lines{pending.out};
    for (std::string line; std::getline(lines, line);) rest.insert(line);
    std::set<std::string> chosen;
    for (int i = 0; i < 5000; ++i) {
      const std::string name = fmt::format("fleet-{:06}", i);
      if (i % 5 != 4 && !rest.contains(name)) chosen.insert(name);
    }
    return chosen;
  };

  const std::set<std::string> once = canaries("once.db");

  std::set<int> sites;
  std::set<int> hardware;
  for (const std::string& name : once) {
    const int number = std::stoi(name.substr(6));
    sites.insert(number % 5);
    hardware.insert(number / 7 % 3);
  }
  CHECK(sites == std::set<int>{0, 1, 2, 3});
  CHECK(hardware == std::set<int>{0, 1, 2});
  CHECK(canaries("again.db") == once);
}

TEST_CASE("end to end: what a run did not reach is sent by a retry, and what it did is undone") {
  Scene scene{1500};
  scene.folder.write("job.json",
                     job_text(R"("compensate": {"product_key": "a1BwAGVxxxx", "identifier": "Reset"},
    "abort": {"failed": 0},)"));
  scene.start_cloud(cloud_with(R"({"bad_devices": {"share": 0.001}})"));
  // One request at a time: the first failure is known before all others are on their way, on any machine.
  const ProgramEnd stopped = scene.sluice(scene.run({"--in-flight", "1"}));
  REQUIRE_MESSAGE(stopped.exit_code == 8, stopped.err);

  const ProgramEnd again = scene.sluice(at_cloud(scene, {"retry", "1", "--not-sent", "--yes"}));
  CHECK(says(again.err, "Run 1 is closed by it"));
  const std::map<std::string, int> executed = scene.executions();
  for (const auto& [device, times] : executed) CHECK_MESSAGE(times == 1, device);

  const ProgramEnd canceled = scene.sluice({"cancel", "2", "--store", scene.store});
  const ProgramEnd undone = scene.sluice(at_cloud(scene, {"undo", "1", "--yes", "--output", "json"}));
  REQUIRE_MESSAGE(undone.exit_code == 0,
                  undone.out << undone.err << canceled.err << stopped.out << again.out << again.err);
  const boost::json::object before =
      json_object(scene.sluice({"status", "1", "--store", scene.store, "--output", "json"}).out);
  CHECK(json_object(undone.out).at("devices").as_object().at("total").as_int64() ==
        before.at("devices").as_object().at("accepted").as_int64());
}

TEST_CASE("end to end: a retry that cannot be sent takes its devices from nobody") {
  Scene scene{300};
  scene.start_cloud();
  REQUIRE(scene.sluice(at_cloud(scene, {"submit", scene.job, "--devices", scene.devices})).exit_code == 0);

  std::erase_if(scene.environment,
                [](const std::string& variable) { return variable.starts_with("ALIBABA_CLOUD"); });
  const ProgramEnd refused = scene.sluice(at_cloud(scene, {"retry", "1", "--yes"}));

  CHECK(refused.exit_code == 11);
  CHECK(member_text(scene.status(), "status") == "pending");
  CHECK(scene.sluice({"status", "2", "--store", scene.store}).exit_code == 4);
}

TEST_CASE(
    "end to end: a run by a kept plan is refused when a device has changed, and goes when nothing has") {
  Scene scene{1200};
  scene.start_cloud();
  const ProgramEnd plan =
      scene.sluice(at_cloud(scene, {"plan", scene.job, "--devices", scene.devices, "--output", "json"}));
  REQUIRE_MESSAGE(plan.exit_code == 0, plan.err);
  const std::string kept = scene.folder.write("plan.json", plan.out);
  const Words run = at_cloud(scene, {"run", scene.job, "--devices", scene.devices, "--plan", kept});

  std::string list = device_lines(1200);
  list.replace(list.find("dev-000007"), 10, "dev-999999");
  scene.folder.write("fleet.txt", list);
  const ProgramEnd changed = scene.sluice(run);
  CHECK(changed.exit_code == 6);
  CHECK(says(changed.err, "this is not what"));
  CHECK(scene.executions().empty());

  scene.folder.write("fleet.txt", device_lines(1200));
  const ProgramEnd sent = scene.sluice(run);
  CHECK_MESSAGE(sent.exit_code == 0, sent.err);
  CHECK(each_once(scene.executions(), 1200));
}

TEST_CASE("end to end: two unfinished runs do not share a device unless the job says so") {
  Scene scene{300};
  scene.start_cloud();
  REQUIRE(scene.sluice(at_cloud(scene, {"submit", scene.job, "--devices", scene.devices})).exit_code == 0);

  const ProgramEnd refused = scene.sluice(at_cloud(scene, {"submit", scene.job, "--devices", scene.devices}));
  CHECK(refused.exit_code == 6);
  CHECK(says(refused.err, "300"));
  CHECK(says(refused.err, "dev-000001"));

  const std::string skipping = scene.folder.write("skip.json", job_text(R"("conflict": "skip",)"));
  const std::string longer = scene.folder.write("longer.txt", device_lines(310));
  const ProgramEnd skipped = scene.sluice(at_cloud(scene, {"submit", skipping, "--devices", longer}));
  CHECK_MESSAGE(skipped.exit_code == 0, skipped.err);
  CHECK(says(skipped.out, "10 devices"));
}

TEST_CASE("end to end: a stage waits for somebody else's approval, and the submitter's own is refused") {
  Scene scene{300};
  scene.folder.write("job.json", job_text(R"("stages": [{"devices": 20},
    {"percent": 100, "approval": {"not_by_submitter": true}}],)"));
  scene.start_cloud();
  const auto running = scene.start(scene.run());
  for (int i = 0;
       i < 500 && !says(scene.sluice({"why", "1", "--store", scene.store}).out, "waits for its approval");
       ++i) {
  }

  const ProgramEnd refused = scene.sluice({"approve", "1", "--store", scene.store});

  CHECK(refused.exit_code == 6);
  CHECK(says(refused.err, "somebody else's approval"));
  CHECK(scene.executions().size() == 20);
  CHECK(scene.sluice({"cancel", "1", "--store", scene.store}).exit_code == 0);
  CHECK(running->wait().exit_code == 9);
}

TEST_CASE(
    "end to end: jobs whose rollout cannot be meant are refused before anything is sent, with their place") {
  Scene scene{300};
  scene.start_cloud();
  const std::pair<std::string, std::string> rows[] = {
      {R"("stages": [{"devices": 20}, {"percent": 50}],)", "the stages do not reach the whole run"},
      {R"("stages": [{"percent": 150}],)", "percent: expected a number above 0 and at most 100"},
      {R"("stages": [{"devices": 20, "gate": {"min_sample": 30}}, {"percent": 100}],)",
       "stages[0].gate.min_sample: 30 devices are wanted, and the stage has only 20"},
      {R"("stages": [{"devices": 20, "stratify_by": ["site"]}, {"percent": 100}],)", "site"},
      {R"("stages": [{"devices": 20, "gate": {"check": {"url": "http://health.example/"}}}, {"percent": 100}],)",
       "stages[0].gate.check.url"},
      {R"("window": {"zone": "Asia/Shangai", "allow": ["01:00-05:00"]},)", "Asia/Shanghai"},
      {R"("window": {"zone": "UTC", "allow": ["01:00-01:00"]},)", "allow"},
  };
  for (const auto& [members, expected] : rows) {
    CAPTURE(members);
    const std::string job = scene.folder.write("bad.json", job_text(members));
    const ProgramEnd end = scene.sluice(at_cloud(scene, {"run", job, "--devices", scene.devices}));
    CHECK(end.exit_code == 3);
    CHECK(says(end.err, expected));
  }
  CHECK(scene.executions().empty());
}

}  // namespace sluice::tests
