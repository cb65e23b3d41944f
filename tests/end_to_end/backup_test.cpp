// SPDX-License-Identifier: MIT
// backup and restore as an operator meets them: beside a run that sends, and cut off by kill -9.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <filesystem>
#include <string>

#include "end_to_end/scene.hpp"

namespace sluice::tests {
namespace {

namespace fs = std::filesystem;

struct BackupScene : Scene {
  explicit BackupScene(std::size_t device_count, std::string_view fault_plan = "{}") : Scene{device_count} {
    folder.write("job.json", job_text(R"("chunk_size": 1,)"));
    start_cloud(cloud_with(fault_plan));
    backup = folder / "copy.db";
  }

  ProgramEnd back_up() const { return sluice({"backup", backup, "--store", store}); }
  ProgramEnd restore() const { return sluice({"restore", backup, "--store", store}); }

  void submit() const {
    const ProgramEnd end = sluice({"submit", job, "--yes", "--store", store, "--endpoint", cloud->url()});
    REQUIRE_MESSAGE(end.exit_code == 0, end.err);
  }
  /// What `sluice restore` says when the program is killed at a place, then again without that.
  ProgramEnd restore_after_death_at(const std::string& place) {
    environment.push_back(fmt::format("SLUICE_TEST_KILL_AT={}:1", place));
    CHECK(restore().exit_code == 137);
    environment.pop_back();
    return restore();
  }

  std::string backup;
};

}  // namespace

TEST_CASE("end to end: a backup made while a run sends is restored, and no device gets the command twice") {
  BackupScene scene{60, R"({"latency": {"constant_ms": 30}})"};
  scene.rate = "50";
  const std::unique_ptr<Program> run = scene.start(scene.run({"--quiet"}));
  REQUIRE(run->wait_until([&] { return scene.cloud->summary().requests >= 10; }));

  const ProgramEnd made = scene.back_up();

  CHECK_MESSAGE(made.exit_code == 0, made.err);
  CHECK(made.out.find("copied to " + scene.backup) != std::string::npos);
  CHECK(scene.restore().exit_code == 6);  // while the run owns the store
  CHECK(run->wait().exit_code == 0);

  const ProgramEnd restored = scene.restore();

  CAPTURE(restored.err);
  CHECK(restored.exit_code == 0);
  CHECK(restored.out.find(".before-restore-") != std::string::npos);
  CHECK(restored.out.find("in doubt") != std::string::npos);
  CHECK(restored.err.find("is an older copy of itself") != std::string::npos);
  CHECK(scene.sluice(scene.resume()).exit_code == 10);
  CHECK(each_once(scene.executions(), 60));
  CHECK(scene.sluice({"audit", "list", "--store", scene.store}).out.find("store_restored") !=
        std::string::npos);
}

TEST_CASE("end to end: backup and restore answer in JSON, and refuse what they must with exit code 6") {
  BackupScene scene{3};
  CHECK(scene.back_up().exit_code == 4);
  scene.submit();

  const ProgramEnd made = scene.sluice({"backup", scene.backup, "--store", scene.store, "--output", "json"});
  CHECK(made.exit_code == 0);
  CHECK(member_number(json_object(made.out), "bytes") ==
        static_cast<std::int64_t>(fs::file_size(scene.backup)));
  CHECK(scene.back_up().exit_code == 6);
  CHECK(scene.sluice({"backup", scene.backup, "--store", scene.store, "--force"}).exit_code == 0);
  CHECK(scene.sluice({"backup", scene.store, "--store", scene.store, "--force"}).exit_code == 6);

  const ProgramEnd restored =
      scene.sluice({"restore", scene.backup, "--store", scene.store, "--output", "json"});
  const auto answer = json_object(restored.out);
  CHECK(restored.exit_code == 0);
  CHECK(member_number(answer, "devices_in_doubt") == 3);
  CHECK(fs::exists(member_text(answer, "kept_as")));
  CHECK(scene.sluice({"restore", scene.job, "--store", scene.store}).exit_code != 0);
  CHECK(scene.sluice({"restore", scene.folder / "none", "--store", scene.store}).exit_code == 4);
}

TEST_CASE("end to end: a backup that is killed leaves no file under its name, and the next one is whole") {
  BackupScene scene{3};
  scene.submit();

  scene.environment.push_back("SLUICE_TEST_KILL_AT=backup.copied:1");
  CHECK(scene.back_up().exit_code == 137);
  scene.environment.pop_back();

  CHECK_FALSE(fs::exists(scene.backup));
  CHECK(scene.back_up().exit_code == 0);
}

TEST_CASE("end to end: a restore that is killed anywhere is ended by the same command, and sends nothing") {
  for (const char* place : {"restore.copied", "restore.kept"}) {
    CAPTURE(place);
    BackupScene scene{3};
    scene.submit();
    REQUIRE(scene.back_up().exit_code == 0);

    const ProgramEnd end = scene.restore_after_death_at(place);

    CHECK_MESSAGE(end.exit_code == 0, end.err);
    CHECK(end.out.find("in doubt  3 devices") != std::string::npos);
    CHECK(scene.sluice(scene.resume()).exit_code == 10);
    CHECK(scene.executions().empty());
  }
}

}  // namespace sluice::tests
