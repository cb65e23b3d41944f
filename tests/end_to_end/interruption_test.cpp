// SPDX-License-Identifier: MIT
// A run that is interrupted, politely and not, goes on where it was and sends nothing twice.
#include <doctest/doctest.h>

#include <csignal>

#include "end_to_end/scene.hpp"

namespace sluice::tests {
namespace {

using namespace std::chrono_literals;

/// Starts the run and waits until the cloud has seen so many requests.
std::unique_ptr<Program> run_under_way(const Scene& scene, long requests, const Words& words = {}) {
  std::unique_ptr<Program> run = scene.start(scene.run(words));
  const bool is_under_way = run->wait_until([&] { return scene.cloud->summary().requests >= requests; });
  REQUIRE_MESSAGE(is_under_way, run->err());
  return run;
}

}  // namespace

TEST_CASE("end to end: Ctrl-C stops a run, and resume finishes it without sending anything twice") {
  Scene scene{1000};
  scene.folder.write("job.json", job_text(R"("chunk_size": 5,)"));
  scene.start_cloud(cloud_with(R"({"latency": {"constant_ms": 30}})"));
  scene.rate = "40";
  std::unique_ptr<Program> run = run_under_way(scene, 5);

  run->send_signal(SIGINT);
  const ProgramEnd interrupted = run->wait();

  CHECK(interrupted.exit_code == 130);
  CHECK(interrupted.err.find("To go on: sluice resume 1") != std::string::npos);
  const boost::json::object status = scene.status();
  CHECK(status.at("status") == "interrupted");
  CHECK(status.at("devices").at("pending").as_int64() > 0);
  // Everything that was under way had time to be answered.
  CHECK(status.at("devices_in_flight") == 0);
  CHECK(status.at("devices").at("accepted") == static_cast<std::int64_t>(scene.executions().size()));

  scene.rate = "500";
  const ProgramEnd resumed = scene.sluice(scene.resume({"--output", "json"}));

  CHECK_MESSAGE(resumed.exit_code == 0, resumed.err);
  CHECK(json_object(resumed.out).at("devices").at("accepted") == 1000);
  CHECK(each_once(scene.executions(), 1000));
}

TEST_CASE("end to end: SIGTERM and a lost terminal stop a run like Ctrl-C, with 143 and 129") {
  for (const int signal : {SIGTERM, SIGHUP}) {
    CAPTURE(signal);
    Scene scene{1000};
    scene.folder.write("job.json", job_text(R"("chunk_size": 5,)"));
    scene.start_cloud();
    scene.rate = "40";
    std::unique_ptr<Program> run = run_under_way(scene, 3);

    run->send_signal(signal);
    const ProgramEnd interrupted = run->wait();

    CHECK(interrupted.exit_code == 128 + signal);
    CHECK(interrupted.err.find("sluice resume 1") != std::string::npos);
    CHECK(scene.cloud->summary().devices_executed_more_than_once == 0);
  }
}

TEST_CASE("end to end: a second Ctrl-C does not wait for answers that never come") {
  Scene scene{1000};
  scene.start_cloud(cloud_with(R"({"stall_after_execution": 1})"));
  // Far beyond this test's patience: only leaving at once can end it in time.
  std::unique_ptr<Program> run = run_under_way(scene, 3, {"--timeout", "10m"});

  run->send_signal(SIGINT);
  // Two that come before the first one is seen are one.
  REQUIRE(
      run->wait_until([&] { return run->err().find("Once more to leave at once") != std::string::npos; }));
  CHECK_FALSE(run->ends_within(300ms));
  run->send_signal(SIGINT);
  const ProgramEnd left = run->wait();

  CHECK(left.exit_code == 130);
  const boost::json::object status = scene.status();
  CHECK(status.at("devices").at("total") == 1000);
  CHECK(status.at("devices").at("accepted") == 0);
  CHECK(status.at("being_sent") == false);
}

}  // namespace sluice::tests
