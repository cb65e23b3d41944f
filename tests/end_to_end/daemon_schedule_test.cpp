// SPDX-License-Identifier: MIT
// Schedules by the real program while a daemon owns the store: the same words as without one.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <string>

#include "end_to_end/scene.hpp"
#include "store/sqlite/raw_sqlite.hpp"

namespace sluice::tests {
namespace {

using namespace std::chrono_literals;

/// With a tenant before a cloud, whose job file is scheduled for the night as "nightly".
struct DaemonScene : Scene {
  DaemonScene() : Scene{3} {
    start_cloud(cloud_with(R"({"latency": {"constant_ms": 5}})"));
    const std::string key = folder.write(
        "key", "[default]\ntype = access_key\naccess_key_id = testid\naccess_key_secret = testsecret\n");
    REQUIRE(::chmod(key.c_str(), 0600) == 0);
    folder.write("config.json", fmt::format(R"({{"store": "{}", "default_tenant": "prod", "tenants": {{"prod":
                     {{"endpoint": "{}", "rate": 10, "credentials_file": "key", "ca_file": "ca.pem"}}}}}})",
                                            store, cloud->url()));
  }

  ProgramEnd tell(Words words) const {
    words.insert(words.end(), {"--config", folder / "config.json"});
    return sluice(words);
  }
  ProgramEnd add() const {
    return tell({"schedule", "add", job, "--name", "nightly", "--cron", "30 2 * * *"});
  }
  std::unique_ptr<Program> serve() const { return start({"serve", "--config", folder / "config.json"}); }
  bool listens(Program& daemon) const {
    return daemon.wait_until([&] { return daemon.err().find("\"daemon_started\"") != std::string::npos; });
  }
};

}  // namespace

TEST_CASE("daemon schedule: orders are carried out by the daemon, in the words of a command of its own") {
  const DaemonScene alone;
  const DaemonScene served;
  const std::unique_ptr<Program> daemon = served.serve();
  REQUIRE(served.listens(*daemon));

  CHECK(served.add().out == alone.add().out);
  for (const Words& order :
       {Words{"schedule", "pause", "nightly", "--reason", "holidays"}, Words{"schedule", "pause", "nightly"},
        Words{"schedule", "list"}, Words{"schedule", "resume", "nightly", "--output", "json"},
        Words{"schedule", "next", "nightly"}, Words{"schedule", "trigger", "nightly"},
        Words{"schedule", "remove", "nightly"}, Words{"schedule", "pause", "nightly"}}) {
    const ProgramEnd by_daemon = served.tell(order);
    const ProgramEnd by_itself = alone.tell(order);
    CAPTURE(order.at(1));
    CAPTURE(by_daemon.err);
    CHECK(by_daemon.exit_code == by_itself.exit_code);
    CHECK(by_daemon.out == by_itself.out);
  }
}

TEST_CASE("daemon schedule: the audit says who paused a schedule, and whether by the daemon's socket") {
  const DaemonScene scene;
  const std::string paused =
      "SELECT origin || ' ' || before || ' > ' || after || ', ' || reason FROM audit"
      " WHERE action = 'schedule_paused' AND actor <> '' ORDER BY id DESC LIMIT 1";
  REQUIRE(scene.add().exit_code == 0);
  REQUIRE(scene.tell({"schedule", "pause", "nightly", "--reason", "holidays"}).exit_code == 0);
  CHECK(store_tests::RawSqlite{scene.store}.value(paused) == "cli active > paused, holidays");
  REQUIRE(scene.tell({"schedule", "resume", "nightly"}).exit_code == 0);
  const std::unique_ptr<Program> daemon = scene.serve();
  REQUIRE(scene.listens(*daemon));

  REQUIRE(scene.tell({"schedule", "pause", "nightly", "--reason", "strike"}).exit_code == 0);

  CHECK(store_tests::RawSqlite{scene.store}.value(paused) == "unix active > paused, strike");
}

TEST_CASE("daemon schedule: what is triggered is sent at once, and nobody is told to start a daemon") {
  const DaemonScene scene;
  const std::unique_ptr<Program> daemon = scene.serve();
  REQUIRE(scene.listens(*daemon));
  const ProgramEnd added = scene.add();
  REQUIRE_MESSAGE(added.exit_code == 0, added.err);
  CHECK(added.err.find("No daemon") == std::string::npos);

  const ProgramEnd triggered = scene.tell({"schedule", "trigger", "nightly"});

  CHECK(triggered.exit_code == 0);
  CHECK(triggered.out == "schedule nightly: run 1 is queued\n");
  CHECK(triggered.err.empty());
  CHECK(daemon->wait_until(
      [&] { return scene.tell({"why", "1"}).out.find("all devices accepted") != std::string::npos; }));
  CHECK(each_once(scene.executions(), 3));
  daemon->send_signal(SIGTERM);
  CHECK(daemon->wait().exit_code == 0);
}

TEST_CASE("daemon schedule: refusals come back with the exit code of the command itself") {
  const DaemonScene scene;
  const std::unique_ptr<Program> daemon = scene.serve();
  REQUIRE(scene.listens(*daemon));
  REQUIRE(scene.add().exit_code == 0);

  const ProgramEnd again = scene.add();
  CHECK(again.exit_code == 6);
  CHECK(again.err.find("nightly") != std::string::npos);
  CHECK(scene.tell({"schedule", "trigger", "weekly"}).exit_code == 4);
  const ProgramEnd filled = scene.tell({"schedule", "backfill", "nightly", "--from", "2026-05-01T00:00:00Z",
                                        "--to", "2026-05-04T00:00:00Z", "--max", "2"});
  CHECK(filled.exit_code == 6);
}

}  // namespace sluice::tests
