// SPDX-License-Identifier: MIT
// Schedules by the real program, where no daemon runs.
#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "end_to_end/scene.hpp"

namespace sluice::tests {
namespace {

boost::json::array ticks_of(const Scene& scene) {
  const ProgramEnd end = scene.sluice({"schedule", "show", "nightly", "--output", "json"});
  REQUIRE(end.exit_code == 0);
  return json_object(end.out).at("ticks").as_array();
}

std::size_t runs_in(const Scene& scene) {
  const ProgramEnd end = scene.sluice({"list", "--output", "json"});
  return json_object(end.out).at("runs").as_array().size();
}

/// With a schedule "nightly" over so many devices.
struct ScheduledScene : Scene {
  explicit ScheduledScene(std::size_t count) : Scene(count) {
    environment.push_back("SLUICE_ENDPOINT=http://127.0.0.1:9");
    CHECK(sluice({"schedule", "add", job, "--name", "nightly", "--cron", "30 2 * * *"}).exit_code == 0);
  }
};

}  // namespace

TEST_CASE("end to end: a trigger without a daemon queues a run, and the next one goes by the overlap") {
  const ScheduledScene scene{3};

  const ProgramEnd first = scene.sluice({"schedule", "trigger", "nightly"});
  CHECK(first.exit_code == 0);
  CHECK(first.out == "schedule nightly: run 1 is queued\n");
  CHECK(first.err.find("sluice resume 1") != std::string::npos);

  const ProgramEnd second = scene.sluice({"schedule", "trigger", "nightly"});
  CHECK(second.exit_code == 6);
  CHECK(runs_in(scene) == 1);
  CHECK(member_text(ticks_of(scene).at(0).as_object(), "state") == "skipped");
  CHECK(member_text(ticks_of(scene).at(1).as_object(), "state") == "fired");
}

TEST_CASE(
    "end to end: a paused schedule says beside its times that none will run, unless it is to be quiet") {
  const ScheduledScene scene{3};
  REQUIRE(scene.sluice({"schedule", "pause", "nightly"}).exit_code == 0);

  const ProgramEnd told = scene.sluice({"schedule", "next", "nightly"});
  const ProgramEnd quiet = scene.sluice({"schedule", "next", "nightly", "--quiet"});

  CHECK(told.err == "schedule nightly is paused: none of these will run\n");
  CHECK(quiet.err.empty());
  CHECK(quiet.out == told.out);
}

TEST_CASE(
    "end to end: the device list is read at the tick, and one that is gone fails the tick with its name") {
  const ScheduledScene scene{3};
  std::ofstream(scene.devices, std::ios::app) << "dev-later\n";
  CHECK(scene.sluice({"schedule", "trigger", "nightly"}).exit_code == 0);
  CHECK(scene.sluice({"results", "1", "--output", "txt"}).out.find("dev-later") != std::string::npos);
  CHECK(scene.sluice({"cancel", "1"}).exit_code == 0);

  std::filesystem::remove(scene.devices);
  const ProgramEnd end = scene.sluice({"schedule", "trigger", "nightly"});

  CHECK(end.exit_code != 0);
  CHECK(member_text(ticks_of(scene).at(0).as_object(), "state") == "failed");
  CHECK(member_text(ticks_of(scene).at(0).as_object(), "reason").find("fleet.txt") != std::string::npos);
}

TEST_CASE(
    "end to end: killed while a tick is recorded or before its run is made, there is no run and no second "
    "tick") {
  for (const std::string place : {"tick.insert", "tick.started", "import.slice", "import.seal"}) {
    CAPTURE(place);
    ScheduledScene scene{3};
    scene.environment.push_back("SLUICE_TEST_KILL_AT=" + place + ":1");
    scene.sluice({"schedule", "trigger", "nightly"});
    scene.environment.pop_back();

    CHECK(runs_in(scene) == 0);
    CHECK(ticks_of(scene).size() == (place == "tick.insert" ? 0 : 1));

    CHECK(scene.sluice({"schedule", "trigger", "nightly"}).exit_code == 0);
    CHECK(runs_in(scene) == 1);
  }
}

TEST_CASE("end to end: killed right after the seal, the tick has fired") {
  ScheduledScene scene{3};
  scene.environment.push_back("SLUICE_TEST_KILL_AT=import.sealed:1");
  scene.sluice({"schedule", "trigger", "nightly"});
  scene.environment.pop_back();

  CHECK(runs_in(scene) == 1);
  CHECK(member_text(ticks_of(scene).at(0).as_object(), "state") == "fired");
}

TEST_CASE("end to end: what `schedule` is told wrongly is refused before anything is touched") {
  const Scene scene{3};
  const auto code = [&scene](Words words) {
    words.insert(words.begin(), "schedule");
    return scene.sluice(words).exit_code;
  };

  CHECK(code({"lst"}) == 2);
  CHECK(code({"show"}) == 2);
  CHECK(code({"list", "nightly"}) == 2);
  CHECK(code({"pause", "nightly", "--cron", "@daily"}) == 2);
  CHECK(code({"backfill", "nightly"}) == 2);
  CHECK(code({"add", scene.job}) == 3);
  CHECK(code({"add", scene.job, "--cron", "0 0 L * *"}) == 2);
  CHECK(code({"add", scene.job, "--cron", "@daily", "--zone", "Mars/Olympus"}) == 2);
  for (const std::string verb : {"add", "next"}) {
    const std::string cron = scene.sluice({"schedule", verb, scene.job, "--cron", "61 * * * *"}).err;
    CAPTURE(cron);
    CHECK(cron.find("--cron: ") != std::string::npos);
    CHECK(cron.find("job.json:") == std::string::npos);
    const std::string zone =
        scene.sluice({"schedule", verb, scene.job, "--cron", "@daily", "--zone", "Mars/Olympus"}).err;
    CAPTURE(zone);
    CHECK(zone.find("--zone: \"Mars/Olympus\" is no time zone") != std::string::npos);
    CHECK(zone.find("job.json:") == std::string::npos);
  }
  CHECK(code({"show", "nightly"}) != 0);
}

TEST_CASE("end to end: a job for many devices at once is not scheduled unless it says so") {
  Scene scene{600};

  const ProgramEnd refused = scene.sluice({"schedule", "add", scene.job, "--cron", "@daily"});

  CHECK(refused.exit_code == 6);
  CHECK(refused.err.find("\"stages\"") != std::string::npos);
}

}  // namespace sluice::tests
