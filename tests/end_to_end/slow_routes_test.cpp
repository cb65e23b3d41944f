// SPDX-License-Identifier: MIT
// What the real daemon gives to whoever asks it for a copy, an examination or a rehearsal; and that no verb
// of the command line is without its operation.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <csignal>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "app/control_client.hpp"
#include "end_to_end/readme_page.hpp"
#include "end_to_end/scene.hpp"
#include "http_api/openapi.hpp"
#include "store/sqlite/raw_sqlite.hpp"

namespace sluice::tests {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

struct SlowScene : Scene {
  SlowScene() : Scene{2} {
    start_cloud();
    folder.write("config.json",
                 fmt::format(R"({{"store": "{}", "tenants": {{"prod": {{"endpoint": "{}", "rate": 500,
                                                             "ca_file": "ca.pem"}}}}}})",
                             store, cloud->url()));
    // What an earlier daemon has left.
    folder.write("store/sluice.db.copies/copy.db", "half of a copy");
    fs::permissions(fs::path{store}.parent_path(), fs::perms::owner_all);
    daemon = start({"serve", "--config", folder / "config.json"});
    REQUIRE_MESSAGE(daemon->wait_until([&] { return ask("GET", "/readyz").status == 200; }), daemon->err());
  }

  OwnerAnswer ask(const std::string& method, const std::string& target, const std::string& body = "") const {
    const auto answer =
        ask_owner(store, {.method = method, .target = target, .body = body}, std::chrono::seconds{60});
    return answer.has_value() && *answer ? **answer : OwnerAnswer{};
  }

  static std::string posted_job(int devices) {
    json::array names;
    for (int i = 0; i < devices; ++i) names.emplace_back("dev-" + std::to_string(i));
    const std::string text =
        R"({"name": "x", "call": {"product_key": "a1B", "identifier": "Set"}, "chunk_size": 2,
            "stages": [{"name": "one", "devices": 2, "approval": true}, {"name": "rest", "percent": 100}]})";
    return json::serialize(json::object{{"job", text}, {"devices", names}});
  }

  std::unique_ptr<Program> daemon;
};

/// The verbs that `sluice --help` names.
std::set<std::string> verbs_of(const std::string& help) {
  std::istringstream lines{help.substr(help.find("\nSubcommands:\n") + 14)};
  std::set<std::string> verbs;
  for (std::string line; std::getline(lines, line) && line.starts_with("  ");)
    verbs.insert(line.substr(2, line.find(' ', 2) - 2));
  return verbs;
}

/// What does over the API what the verb does by command.
const std::map<std::string, std::vector<std::string>> operations_of_verbs{
    {"validate", {"validateJob"}},
    {"plan", {"planJob"}},
    {"run", {"uploadDeviceList", "submitRun", "listEvents", "getRun"}},
    {"submit", {"uploadDeviceList", "submitRun"}},
    {"resume", {"resumeRun"}},
    {"retry", {"retryRun"}},
    {"undo", {"undoRun"}},
    {"pause", {"pauseRun"}},
    {"cancel", {"cancelRun"}},
    {"stop", {"stop"}},
    {"approve", {"approveStage"}},
    {"rate", {"setTenantRate"}},
    {"status", {"getRun", "listJobFiles"}},
    {"list", {"listRuns"}},
    {"results", {"listDevices"}},
    {"why", {"getWhy"}},
    {"verify-rate", {"getPace"}},
    {"doubt", {"listDoubts", "listDecisions", "acceptDoubts", "resendDoubts"}},
    {"rehearse", {"rehearseJob"}},
    {"schedule",
     {"addSchedule", "listSchedules", "getSchedule", "listTicks", "pauseSchedule", "resumeSchedule",
      "removeSchedule", "triggerSchedule", "getComingTicks", "backfillSchedule"}},
    {"audit", {"listAudit", "verifyAudit"}},
    {"prune", {"pruneStore"}},
    {"backup", {"backUpStore"}},
    {"doctor", {"examine"}},
};

/// What is of one machine by its nature, for the reasons that docs/api.md gives.
const std::set<std::string> local_verbs{"serve", "simulate", "restore", "token", "version"};

std::set<std::string> described_operations() {
  std::set<std::string> names;
  const json::value document = json::parse(openapi_document());
  for (const auto& [pattern, item] : document.at("paths").as_object()) {
    for (const auto& [method, operation] : item.as_object())
      names.emplace(operation.at("operationId").as_string());
  }
  return names;
}

}  // namespace

TEST_CASE("slow routes: a backup is a whole store at one moment, and leaves nothing but a row of the audit") {
  const SlowScene scene;
  CHECK_FALSE(fs::exists(scene.store + ".copies"));
  REQUIRE(
      scene
          .ask(
              "POST", "/api/v1/runs",
              R"({"job": "{\"name\": \"x\", \"call\": {\"product_key\": \"a1B\", \"identifier\": \"Set\"}}", "devices": ["dev-000001"]})")
          .status == 202);

  const OwnerAnswer answer = scene.ask("GET", "/api/v1/backup");

  REQUIRE(answer.status == 200);
  const std::string file = scene.folder.write("copy.db", answer.body);
  store_tests::RawSqlite copy{file};
  CHECK(copy.value("PRAGMA integrity_check") == "ok");
  CHECK(copy.value("SELECT count(*) FROM runs") == "1");
  CHECK(fs::is_empty(scene.store + ".copies"));
  CHECK(store_tests::RawSqlite{scene.store}.value(
            "SELECT origin FROM audit WHERE action = 'store_backed_up' AND actor <> ''") == "unix");
}

TEST_CASE("slow routes: the doctor of the daemon says what `sluice doctor` says") {
  const SlowScene scene;

  const OwnerAnswer answer = scene.ask("GET", "/api/v1/doctor");

  REQUIRE(answer.status == 200);
  const json::value report = json::parse(answer.body);
  const ProgramEnd end =
      scene.sluice({"doctor", "--config", scene.folder / "config.json", "--output", "json"});
  const json::object by_command = json_object(end.out);
  CHECK(report.at("status") == by_command.at("status"));
  const auto checks = [](const json::value& findings) {
    std::vector<std::string> names;
    for (const json::value& finding : findings.as_array())
      names.push_back(json::serialize(finding.at("check")) + json::serialize(finding.at("level")));
    return names;
  };
  CHECK(checks(report.at("findings")) == checks(by_command.at("findings")));
  CHECK(scene.ask("GET", "/api/v1/doctor?tenant=nobody").body.find("nobody") != std::string::npos);
}

TEST_CASE(
    "slow routes: a rehearsal runs to its end, asks nobody, and reaches no cloud and no store of ours") {
  const SlowScene scene;

  const OwnerAnswer answer = scene.ask("POST", "/api/v1/jobs:rehearse", SlowScene::posted_job(5));

  REQUIRE_MESSAGE(answer.status == 200, answer.body);
  const json::value report = json::parse(answer.body);
  CHECK(report.at("summary").at("status") == "succeeded");
  CHECK(report.at("summary").at("devices").at("accepted") == 5);
  CHECK(report.at("cloud").at("devices_executed") == 5);
  CHECK(scene.cloud->summary().requests == 0);
  CHECK(store_tests::RawSqlite{scene.store}.value("SELECT count(*) FROM runs") == "0");
  // The daemon's own signals are its own all the same.
  scene.daemon->send_signal(SIGTERM);
  CHECK(scene.daemon->wait().exit_code == 0);
}

TEST_CASE("slow routes: a rehearsal of more devices than it may take is refused with what to do instead") {
  const SlowScene scene;

  const OwnerAnswer answer = scene.ask("POST", "/api/v1/jobs:rehearse", SlowScene::posted_job(20'001));

  CHECK(answer.status == 422);
  CHECK(answer.body.find("20,001 devices") != std::string::npos);
  CHECK(answer.body.find("sluice rehearse JOB --virtual") != std::string::npos);
}

TEST_CASE("slow routes: each verb of the command line has its operation, or a reason for having none") {
  const Scene scene{0};
  const std::set<std::string> described = described_operations();
  const std::set<std::string> verbs = verbs_of(scene.sluice({"--help"}).out);
  CHECK(verbs.size() > 20);
  for (const std::string& verb : verbs) {
    CAPTURE(verb);
    CHECK(operations_of_verbs.contains(verb) != local_verbs.contains(verb));
  }
  for (const auto& [verb, operations] : operations_of_verbs) {
    CAPTURE(verb);
    CHECK(verbs.contains(verb));
    for (const std::string& operation : operations) CHECK_MESSAGE(described.contains(operation), operation);
  }
  const std::string page = content_of(std::string{SLUICE_SOURCE_DIR} + "/docs/api.md");
  for (const std::string& verb : local_verbs) {
    CAPTURE(verb);
    CHECK(verbs.contains(verb));
    CHECK(page.find("\n| `" + verb + "` |") != std::string::npos);
  }
}

}  // namespace sluice::tests
