// SPDX-License-Identifier: MIT
// What the cloud can do to a run, and what the operator is told about it.
#include <doctest/doctest.h>

#include <boost/json/array.hpp>
#include <filesystem>
#include <set>

#include "end_to_end/scene.hpp"

namespace sluice::tests {
namespace {

namespace json = boost::json;

std::set<std::string> devices_of(const std::vector<json::object>& rows) {
  std::set<std::string> devices;
  for (const json::object& row : rows) devices.insert(member_text(row, "device"));
  return devices;
}

/// The devices that the cloud executed in requests to which it did this.
std::set<std::string> devices_executed_with(const Scene& scene, std::string_view fault) {
  std::set<std::string> devices;
  for (const json::object& request : scene.ledger()) {
    const json::value* fired = request.if_contains("fault");
    if (fired == nullptr || fired->as_string() != fault || !request.at("executed").as_bool()) continue;
    for (const json::value& name : request.at("device_names").as_array()) devices.emplace(name.as_string());
  }
  return devices;
}

}  // namespace

TEST_CASE("end to end: one bad device among 300 fails alone, with the cloud's code and few more requests") {
  Scene scene{300};
  scene.start_cloud(cloud_with(R"({"bad_devices": ["dev-000142"]})"));

  const ProgramEnd run = scene.sluice(scene.run({"--output", "json"}));

  CHECK_MESSAGE(run.exit_code == 7, run.err);
  const json::object summary = json_object(run.out);
  CHECK(summary.at("status") == "completed_with_failures");
  CHECK(summary.at("devices").at("accepted") == 299);
  CHECK(summary.at("devices").at("failed") == 1);
  const std::vector<json::object> failed = scene.results({"--state", "failed"});
  REQUIRE(failed.size() == 1);
  CHECK(failed[0].at("device") == "dev-000142");
  CHECK(failed[0].at("code") == "iot.device.NotExistedDevice");
  CHECK(each_once(scene.executions(), 299));
  // 3 chunks, and of one of them at most two halves on each of the seven levels from 100 devices down to 1.
  CHECK(scene.cloud->summary().requests <= 3 + 2 * 7);
}

TEST_CASE(
    "end to end: devices whose request was executed and then answered with 500 are in doubt, and not sent "
    "again") {
  Scene scene{400};
  scene.folder.write("job.json", job_text(R"("chunk_size": 10,)"));
  scene.start_cloud(cloud_with(R"({"error_500_after_execution": 0.3})"));

  const ProgramEnd run = scene.sluice(scene.run({"--output", "json"}));

  CHECK_MESSAGE(run.exit_code == 10, run.err);
  const std::set<std::string> unclear = devices_executed_with(scene, "error_500_after_execution");
  CHECK_FALSE(unclear.empty());
  CHECK(devices_of(scene.results({"--state", "in_doubt"})) == unclear);
  CHECK(devices_of(scene.results({"--state", "accepted"})).size() == 400 - unclear.size());
  CHECK(each_once(scene.executions(), 400));
  const ProgramEnd why = scene.sluice({"why", "1", "--store", scene.store});
  CHECK(why.out.find("in doubt") != std::string::npos);
  CHECK(why.out.find("sluice doubt list 1") != std::string::npos);
}

TEST_CASE("end to end: throttling costs a run time but no attempt") {
  Scene scene{80};
  scene.folder.write("job.json", job_text(R"("chunk_size": 2, "retry": {"max_attempts": 1},)"));
  // The others leave a third of the quota to us, who want all of it.
  simulator::Options cloud = cloud_with(R"({"other_requests_per_second": 40, "retry_after_ms": 200})");
  cloud.requests_per_second = 60;
  scene.start_cloud(cloud);
  scene.rate = "60";

  const ProgramEnd run = scene.sluice(scene.run({"--output", "json"}));

  CHECK_MESSAGE(run.exit_code == 0, run.err);
  const json::object summary = json_object(run.out);
  CHECK(summary.at("devices").at("accepted") == 80);
  CHECK(summary.at("throttled") == scene.cloud->summary().throttled);
  CHECK(scene.cloud->summary().throttled > 0);
  CHECK(each_once(scene.executions(), 80));
}

TEST_CASE(
    "end to end: a device whose answer was lost is presumed accepted if a replay is answered, else in "
    "doubt") {
  Scene scene{400};
  scene.folder.write("job.json", job_text(R"("chunk_size": 10,)"));
  scene.start_cloud(cloud_with(R"({"reset_after_execution": 0.15})"));

  const ProgramEnd run = scene.sluice(scene.run({"--output", "json"}));

  std::set<std::string> answered_nonces;
  for (const json::object& request : scene.ledger()) {
    const bool is_answered = request.if_contains("fault") == nullptr;
    if (is_answered && request.at("code") == "SignatureNonceUsed") {
      answered_nonces.insert(member_text(request, "nonce"));
    }
  }
  std::set<std::string> presumed;
  std::set<std::string> in_doubt;
  for (const json::object& request : scene.ledger()) {
    if (request.if_contains("fault") == nullptr || !request.at("executed").as_bool()) continue;
    const bool is_known = answered_nonces.count(member_text(request, "nonce")) == 1;
    for (const json::value& name : request.at("device_names").as_array()) {
      (is_known ? presumed : in_doubt).emplace(name.as_string());
    }
  }
  CHECK_FALSE(presumed.empty());
  CHECK_MESSAGE(run.exit_code == (in_doubt.empty() ? 0 : 10), run.err);
  CHECK(json_object(run.out).at("devices").at("presumed") == static_cast<std::int64_t>(presumed.size()));
  CHECK(devices_of(scene.results({"--state", "presumed"})) == presumed);
  CHECK(devices_of(scene.results({"--state", "in_doubt"})) == in_doubt);
  CHECK(devices_of(scene.results({"--state", "confirmed"})).size() ==
        400 - presumed.size() - in_doubt.size());
  CHECK(each_once(scene.executions(), 400));
}

TEST_CASE(
    "end to end: a blocked account pauses the run after a few requests, and resume finishes it once mended") {
  Scene scene{1000};
  scene.folder.write("job.json", job_text(R"("chunk_size": 5,)"));
  scene.start_cloud(cloud_with(R"({"latency": {"constant_ms": 20}, "account": {
      "code": "InvalidAccessKeyId.Inactive", "http_status": 403, "message": "key is off", "after_requests": 10}})"));
  scene.rate = "100";

  const ProgramEnd run = scene.sluice(scene.run({"--output", "json"}));

  CHECK_MESSAGE(run.exit_code == 11, run.err);
  CHECK(json_object(run.out).at("status") == "paused");
  CHECK(scene.executions().size() == 50);
  // Those that were under way when the first refusal arrived; all 200 would follow otherwise.
  CHECK(scene.cloud->summary().requests < 10 + 32);
  const json::object status = scene.status();
  CHECK(member_text(status, "tenant_pause_reason").find("InvalidAccessKeyId.Inactive") != std::string::npos);
  CHECK(member_text(status, "why").find("sluice resume 1") != std::string::npos);

  scene.start_cloud();
  scene.rate = "500";
  const ProgramEnd resumed = scene.sluice(scene.resume({"--output", "json"}));

  CHECK_MESSAGE(resumed.exit_code == 0, resumed.err);
  CHECK(json_object(resumed.out).at("status") == "succeeded");
  CHECK(each_once(scene.executions(), 1000));
}

TEST_CASE("end to end: a job that the cloud rejects is paused with its reason, not tried on every chunk") {
  Scene scene{1000};
  scene.folder.write("job.json", job_text(R"("chunk_size": 5,)"));
  scene.start_cloud(cloud_with(R"({"latency": {"constant_ms": 20}, "job": {"after_requests": 5}})"));
  scene.rate = "100";

  const ProgramEnd run = scene.sluice(scene.run({"--output", "json"}));

  CHECK_MESSAGE(run.exit_code == 8, run.err);
  CHECK(json_object(run.out).at("status") == "paused");
  CHECK(json_object(run.out).at("devices").at("failed") == 0);
  CHECK(scene.cloud->summary().requests < 5 + 32);
  const ProgramEnd why = scene.sluice({"why", "1", "--store", scene.store});
  CHECK(why.out.find("iot.prod.NotExistedProduct") != std::string::npos);
  CHECK(why.out.find("the run's own copy of the job file") != std::string::npos);
  const std::string next = "sluice cancel 1 --store " + scene.store +
                           " && sluice results 1 --state canceled --output txt --store " + scene.store +
                           " | sluice run JOB --devices - --yes --store " + scene.store;
  CHECK(why.out.find("→ " + next) != std::string::npos);
  CHECK(member_text(json_object(run.out), "reason").starts_with("iot.prod.NotExistedProduct"));
  CHECK(member_text(json_object(run.out), "next_command").starts_with(next));
}

TEST_CASE("end to end: a corrected job sent to what is pending of a rejected one reaches each device once") {
  Scene scene{1000};
  scene.folder.write("job.json", job_text(R"("chunk_size": 5, "conflict": "allow",)"));
  scene.start_cloud(cloud_with(R"({"latency": {"constant_ms": 20}, "job": {"after_requests": 5}})"));
  REQUIRE(scene.sluice(scene.run()).exit_code == 8);
  const std::size_t accepted = scene.executions().size();
  REQUIRE(scene.sluice({"cancel", "1", "--store", scene.store}).exit_code == 0);
  const ProgramEnd pending =
      scene.sluice({"results", "1", "--state", "canceled", "--output", "txt", "--store", scene.store});
  std::filesystem::remove(scene.folder / "ledger.ndjson");
  scene.start_cloud();

  const ProgramEnd corrected = scene.sluice(scene.run({"--devices", "-"}), pending.out);

  CHECK_MESSAGE(corrected.exit_code == 0, corrected.err);
  CHECK(each_once(scene.executions(), 1000 - accepted));
}

TEST_CASE("end to end: a new run lifts its account's pause, and says for what it was") {
  Scene scene{3};
  scene.folder.write("job.json", job_text(R"("conflict": "allow",)"));
  scene.start_cloud(cloud_with(R"({"account": {"code": "InvalidAccessKeyId.Inactive"}})"));
  REQUIRE(scene.sluice(scene.run()).exit_code == 11);
  scene.start_cloud();

  const ProgramEnd loud = scene.sluice(scene.run());

  CHECK_MESSAGE(loud.exit_code == 0, loud.err);
  CHECK(loud.err.find("tenant default goes on; it was paused: InvalidAccessKeyId.Inactive") !=
        std::string::npos);

  scene.start_cloud(cloud_with(R"({"job": {}})"));
  REQUIRE(scene.sluice(scene.run()).exit_code == 8);
  scene.start_cloud();
  Words third = scene.resume();
  third[1] = "3";
  const ProgramEnd resumed = scene.sluice(third);
  CHECK(resumed.err.find("run 3 goes on; it was paused: iot.prod.NotExistedProduct") != std::string::npos);

  scene.start_cloud(cloud_with(R"({"account": {}})"));
  REQUIRE(scene.sluice(scene.run({"--quiet"})).exit_code == 11);
  scene.start_cloud();
  CHECK(scene.sluice(scene.run({"--quiet"})).err.empty());
}

TEST_CASE(
    "end to end: a clock two minutes off pauses the account after a few requests, and says what to do") {
  Scene scene{1000};
  scene.folder.write("job.json", job_text(R"("chunk_size": 5,)"));
  scene.start_cloud(cloud_with(R"({"latency": {"constant_ms": 20}, "clock_skew_s": 120})"));
  scene.rate = "100";

  const ProgramEnd run = scene.sluice(scene.run({"--output", "json"}));

  CHECK_MESSAGE(run.exit_code == 11, run.err);
  const json::object summary = json_object(run.out);
  CHECK(summary.at("status") == "paused");
  CHECK(summary.at("devices").at("accepted") == static_cast<std::int64_t>(scene.executions().size()));
  CHECK(scene.cloud->summary().requests < 32);
  const std::string reason = member_text(scene.status(), "tenant_pause_reason");
  CHECK(reason.find("s behind the server's; set it right, then resume") != std::string::npos);
  CHECK(run.err.find("access key, its permissions") == std::string::npos);

  scene.start_cloud();
  const ProgramEnd resumed = scene.sluice(scene.resume({"--output", "json"}));
  CHECK_MESSAGE(resumed.exit_code == 0, resumed.err);
  CHECK(each_once(scene.executions(), 1000));
}

TEST_CASE("end to end: a run outlives an outage that refuses connections for three seconds") {
  Scene scene{600};
  scene.folder.write("job.json", job_text(R"("chunk_size": 5,)"));
  scene.start_cloud(cloud_with(R"({"outages": [{"from_s": 0.3, "to_s": 3.3, "kind": "refuse"}]})"));
  scene.rate = "100";

  const ProgramEnd run = scene.sluice(scene.run({"--output", "json"}));

  CHECK_MESSAGE(run.exit_code == 0, run.err);
  CHECK(json_object(run.out).at("status") == "succeeded");
  CHECK(run.err.find("endpoint_lost") != std::string::npos);
  CHECK(run.err.find("endpoint_back") != std::string::npos);
  CHECK(each_once(scene.executions(), 600));
}

TEST_CASE("end to end: during an outage, whoever asks why is told that the newest request got no answer") {
  Scene scene{600};
  scene.folder.write("job.json", job_text(R"("chunk_size": 5,)"));
  // It lasts until the test is over.
  scene.start_cloud(cloud_with(R"({"outages": [{"from_s": 0.3, "to_s": 600, "kind": "refuse"}]})"));
  scene.rate = "100";
  const std::unique_ptr<Program> run = scene.start(scene.run());
  REQUIRE(run->wait_until([&] { return run->err().find("endpoint_lost") != std::string::npos; }));

  // Requests go on being tried, and of one that is on its way nobody knows yet whether it is answered.
  ProgramEnd why;
  const bool is_told = run->wait_until([&] {
    why = scene.sluice({"why", "1", "--store", scene.store});
    return why.out.find("due, but the newest request got no answer (") != std::string::npos;
  });

  CHECK_MESSAGE(is_told, why.out);
}

}  // namespace sluice::tests
