// SPDX-License-Identifier: MIT
// A prune that is killed in the middle: the store stays whole, and the next process goes on with it.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <csignal>
#include <filesystem>
#include <memory>
#include <string>

#include "end_to_end/scene.hpp"
#include "store/sqlite/raw_sqlite.hpp"

namespace sluice::tests {
namespace {

constexpr int fleet = 300;

/// Two runs that are over, of which the first, with some 1,500 rows, may be taken out.
struct PruneScene : Scene {
  PruneScene() : Scene{fleet} {
    folder.write("job.json", job_text(R"("chunk_size": 1, "stages": "none", "conflict": "allow",)"));
    folder.write("one.txt", device_lines(1));
    start_cloud(cloud_with());
    REQUIRE(sluice(run()).exit_code == 0);
    REQUIRE(sluice(run({"--devices", folder / "one.txt"})).exit_code == 0);
  }

  ProgramEnd prune() const { return sluice({"prune", "--older-than", "1ms", "--store", store}); }

  void die_at(int time) {
    environment.push_back(fmt::format("SLUICE_TEST_KILL_AT=prune.batch:{}", time));
    CHECK(prune().exit_code == 128 + SIGKILL);
    environment.pop_back();
  }

  std::string value(const std::string& query) const { return store_tests::RawSqlite{store}.value(query); }
  int rows_of_first() const {
    return std::stoi(
        value("SELECT (SELECT count(*) FROM runs WHERE id = 1) + (SELECT count(*) FROM chunks WHERE run = 1)"
              "     + (SELECT count(*) FROM attempts WHERE run = 1) + (SELECT count(*) FROM events WHERE run "
              "= 1)"));
  }
  bool is_whole() const {
    return value("PRAGMA integrity_check") == "ok" && value("PRAGMA foreign_key_check").empty();
  }
  boost::json::object list() const {
    return json_object(sluice({"list", "--store", store, "--output", "json"}).out);
  }
};

}  // namespace

TEST_CASE("end to end: a prune that is killed anywhere leaves the store whole, and the next one ends it") {
  // Before and after the commits of the first two batches.
  for (const int time : {1, 2, 3, 4}) {
    CAPTURE(time);
    PruneScene scene;
    const int rows_before = scene.rows_of_first();

    scene.die_at(time);

    // Before the first commit nothing has happened; after it the run is on its way out, and seen by nobody.
    const bool has_begun = time > 1;
    CHECK((scene.rows_of_first() < rows_before) == has_begun);
    CHECK(scene.rows_of_first() > 0);
    CHECK(scene.is_whole());
    CHECK(scene.list().at("runs").as_array().size() == (has_begun ? 1U : 2U));
    const ProgramEnd next = scene.prune();
    CHECK_MESSAGE(next.exit_code == 0, next.err);
    CHECK(scene.rows_of_first() == 0);
    CHECK(scene.is_whole());
    CHECK(scene.value("SELECT accepted FROM pruned_runs WHERE run = 1") == std::to_string(fleet));
    CHECK(scene.sluice({"audit", "verify", "--store", scene.store}).exit_code == 0);
  }
}

TEST_CASE("end to end: a daemon goes on by itself with a prune that was killed, however long runs are kept") {
  PruneScene scene;
  scene.die_at(2);
  REQUIRE(scene.rows_of_first() > 0);
  scene.folder.write("config.json", fmt::format(R"({{"store": "{}", "tenants": {{}}}})", scene.store));

  const std::unique_ptr<Program> daemon = scene.start({"serve", "--config", scene.folder / "config.json"});

  CHECK(daemon->wait_until([&] { return daemon->err().find("\"runs_pruned\"") != std::string::npos; }));
  CHECK(scene.rows_of_first() == 0);
  daemon->send_signal(SIGTERM);
  CHECK(daemon->wait().exit_code == 0);
  CHECK(scene.is_whole());
}

}  // namespace sluice::tests
