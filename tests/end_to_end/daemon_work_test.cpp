// SPDX-License-Identifier: MIT
// The verbs that make work, while a daemon owns the store.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "app/control_client.hpp"
#include "end_to_end/scene.hpp"

namespace sluice::tests {
namespace {

/// A daemon for one tenant, which owns the store already.
struct ServedScene : Scene {
  explicit ServedScene(std::size_t device_count, std::string_view fault_plan = "{}",
                       const std::vector<std::string>& daemon_environment = {})
      : Scene{device_count} {
    folder.write("job.json", job_text(R"("chunk_size": 1, "stages": "none", "conflict": "allow",)"));
    start_cloud(cloud_with(fault_plan));
    const std::string key = folder.write(
        "good.key", "[default]\ntype = access_key\naccess_key_id = testid\naccess_key_secret = testsecret\n");
    REQUIRE(::chmod(key.c_str(), 0600) == 0);
    folder.write(
        "config.json",
        fmt::format(
            R"({{"store": "{}", "default_tenant": "good", "tenants": {{"good": {{"endpoint": "{}", "rate": 40,
                "credentials_file": "good.key", "ca_file": "ca.pem"}}}}}})",
            store, cloud->url()));
    const std::vector<std::string> commands_environment = environment;
    environment.insert(environment.end(), daemon_environment.begin(), daemon_environment.end());
    daemon = start({"serve", "--config", folder / "config.json"});
    environment = commands_environment;
    REQUIRE(daemon->wait_until(
        [&] { return tell({"resume"}).err.find("the daemon sends") != std::string::npos; }));
  }

  ProgramEnd tell(Words words) const {
    words.insert(words.end(), {"--config", folder / "config.json"});
    return sluice(words);
  }

  std::unique_ptr<Program> daemon;
};

}  // namespace

TEST_CASE("daemon work: submit brings the job to the daemon, which sends it") {
  const ServedScene scene{30};

  const ProgramEnd end = scene.tell({"submit", scene.job});

  INFO(end.err);
  CHECK(end.exit_code == 0);
  CHECK(end.out == "run 1: 30 devices in 30 chunks queued (0 duplicates left out)\n");
  CHECK(end.err.find("The daemon sends it.") != std::string::npos);
  CHECK(scene.daemon->wait_until(
      [&] { return scene.tell({"why", "1"}).out.find("all devices accepted") != std::string::npos; }));
  CHECK(each_once(scene.executions(), 30));
}

TEST_CASE("daemon work: run waits for the daemon and ends as a run of its own does") {
  const ServedScene scene{30};

  const ProgramEnd end = scene.tell({"run", scene.job, "--devices", scene.devices, "--output", "json"});

  INFO(end.err);
  CHECK(end.exit_code == 0);
  CHECK(member_text(json_object(end.out), "status") == "succeeded");
  CHECK(each_once(scene.executions(), 30));
}

TEST_CASE("daemon work: a list in CSV is read as CSV by the daemon, too") {
  const ServedScene scene{1};
  const std::string list = scene.folder.write("some.csv", "site,name\nnorth,dev-000001\n");

  const ProgramEnd end = scene.tell({"run", scene.job, "--devices", list, "--column", "name"});

  INFO(end.err);
  CHECK(end.exit_code == 0);
  CHECK(each_once(scene.executions(), 1));
}

TEST_CASE("daemon work: another number of devices than expected is refused before the daemon is asked") {
  const ServedScene scene{3};

  CHECK(scene.tell({"submit", scene.job, "--expect-devices", "4"}).exit_code == 6);
  CHECK(scene.tell({"status", "1"}).exit_code == 4);
}

TEST_CASE("daemon work: options that say how to send are the daemon's to know") {
  const ServedScene scene{1};

  const ProgramEnd end = scene.tell({"run", scene.job, "--ca-file", scene.ca_file});

  CHECK(end.exit_code == 6);
  CHECK(end.err.find("--ca-file") != std::string::npos);
  CHECK(scene.executions().empty());
}

TEST_CASE("daemon work: what a daemon goes on with keeps its rate, so another one is refused") {
  const ServedScene scene{1};
  REQUIRE(scene.tell({"run", scene.job}).exit_code == 0);

  for (const Words& order : {Words{"resume", "1", "--rate", "2"}, Words{"resume", "--rate", "2"},
                             Words{"resume", "1", "--endpoint", "http://127.0.0.1:9"},
                             Words{"undo", "1", "--rate", "2"}, Words{"retry", "1", "--timeout", "2s"}}) {
    const ProgramEnd end = scene.tell(order);
    CAPTURE(order.back());
    CHECK(end.exit_code == 6);
    CHECK(end.err.find(order.at(order.size() - 2)) != std::string::npos);
  }
}

TEST_CASE("daemon work: variables say which tenant at which rate, as they do without a daemon") {
  ServedScene scene{1};
  scene.environment.push_back("SLUICE_RATE=3");
  REQUIRE(scene.tell({"submit", scene.job}).exit_code == 0);
  CHECK(scene.tell({"status", "1"}).out.find("  rate      3/s, tenant good") != std::string::npos);

  scene.environment.push_back("SLUICE_TENANT=other");
  scene.folder.write("other.json",
                     fmt::format(R"({{"store": "{}", "tenants": {{"other": {{"endpoint": "{}"}}}}}})",
                                 scene.store, scene.cloud->url()));
  const ProgramEnd other = scene.sluice({"submit", scene.job, "--config", scene.folder / "other.json"});

  CHECK(other.exit_code == 4);
  CHECK(other.err.find("has no tenant \"other\"") != std::string::npos);
  CHECK(scene.tell({"status", "2"}).exit_code == 4);
}

TEST_CASE("daemon work: a variable that names an endpoint sends nothing to the daemon's") {
  ServedScene scene{1};
  scene.environment.push_back("SLUICE_ENDPOINT=http://127.0.0.1:9");

  const ProgramEnd end = scene.tell({"run", scene.job});

  CHECK(end.exit_code == 6);
  CHECK(end.err.find("SLUICE_ENDPOINT") != std::string::npos);
  CHECK(scene.executions().empty());
}

TEST_CASE("daemon work: the daemon's own environment decides nothing for its jobs") {
  const ServedScene scene{1, "{}", {"SLUICE_TENANT=nobody", "SLUICE_RATE=2"}};

  const ProgramEnd end = scene.tell({"run", scene.job});

  CHECK_MESSAGE(end.exit_code == 0, end.err);
  CHECK(scene.tell({"status", "1"}).out.find("  rate      40/s, tenant good") != std::string::npos);
}

TEST_CASE("daemon work: to run a job lifts the pause of its account, and says what it was for") {
  const ServedScene scene{1, R"({"account": {"code": "InvalidAccessKeyId.Inactive", "http_status": 403,
                                             "message": "Disabled.", "after_requests": 0}})"};
  REQUIRE(scene.tell({"run", scene.job}).exit_code == 11);
  REQUIRE(scene.cloud->summary().requests == 1);

  const ProgramEnd end = scene.tell({"run", scene.job});

  CHECK(end.exit_code == 11);
  CHECK(end.err.find("tenant good goes on; it was paused: InvalidAccessKeyId.Inactive: Disabled.\n") !=
        std::string::npos);
  CHECK(scene.cloud->summary().requests > 1);
}

TEST_CASE("daemon work: a device list that is not there is told as that, and a run as well") {
  const ServedScene scene{1};

  const ProgramEnd list = scene.tell({"submit", scene.job, "--devices", scene.folder / "none.txt"});
  const ProgramEnd run = scene.tell({"doubt", "accept", "9", "--reason", "looked"});

  CHECK(list.exit_code == 4);
  CHECK(list.err.find("there is no such device list") != std::string::npos);
  CHECK(run.exit_code == 4);
  CHECK(run.err.find("there is no run 9 in this store") != std::string::npos);
}

TEST_CASE("daemon work: to resume what is over says how it ended, with its exit code") {
  const ServedScene scene{4, R"({"bad_devices": ["dev-000001"]})"};
  REQUIRE(scene.tell({"run", scene.job}).exit_code == 7);

  const ProgramEnd end = scene.tell({"resume", "1"});

  CHECK(end.exit_code == 7);
  CHECK(end.out.find("run 1 (fw-2.14): completed_with_failures") != std::string::npos);
  CHECK(end.err == "run 1 is finished: nothing to send\n");
}

TEST_CASE("daemon work: with nothing left to resume but devices in doubt, those are named") {
  const ServedScene scene{1, R"({"error_500_after_execution": 1})"};
  REQUIRE(scene.tell({"run", scene.job}).exit_code == 10);

  const ProgramEnd end = scene.tell({"resume"});

  CHECK(end.exit_code == 10);
  CHECK(end.out.find("run 1 (fw-2.14): finished_in_doubt") != std::string::npos);
  CHECK(end.err == "Nothing to resume, but devices are in doubt until you decide:\n");
}

TEST_CASE("daemon work: who interrupts the waiting leaves the run to the daemon") {
  const ServedScene scene{200};
  const std::unique_ptr<Program> run =
      scene.start({"run", scene.job, "--config", scene.folder / "config.json"});
  REQUIRE(run->wait_until([&] { return scene.cloud->summary().requests >= 3; }));

  run->send_signal(SIGINT);
  const ProgramEnd end = run->wait();

  CHECK(end.exit_code == 130);
  CHECK(end.err.find("The daemon goes on with run 1. To pause it: sluice pause 1") != std::string::npos);
  CHECK(scene.daemon->wait_until(
      [&] { return scene.tell({"why", "1"}).out.find("all devices accepted") != std::string::npos; }));
  CHECK(each_once(scene.executions(), 200));
}

TEST_CASE("daemon work: a retry of what was canceled is queued and sent by the daemon") {
  const ServedScene scene{100};
  REQUIRE(scene.tell({"submit", scene.job}).exit_code == 0);
  REQUIRE(scene.tell({"cancel", "1"}).exit_code == 0);

  const ProgramEnd end = scene.tell({"retry", "1"});

  INFO(end.err);
  CHECK(end.exit_code == 0);
  CHECK(each_once(scene.executions(), 100));
}

TEST_CASE("daemon work: a retry takes those that its condition fits, and is refused where it fits none") {
  const ServedScene scene{4, R"({"bad_devices": ["dev-000001"]})"};
  REQUIRE(scene.tell({"run", scene.job}).exit_code == 7);

  const ProgramEnd none = scene.tell({"retry", "1", "--failed", "--where", "code = 'Throttling.User'"});
  const ProgramEnd some =
      scene.tell({"retry", "1", "--failed", "--where", "code = 'iot.device.NotExistedDevice'"});

  CHECK(none.exit_code == 6);
  CHECK_MESSAGE(some.exit_code == 7, some.err);
  const boost::json::object retried = json_object(scene.tell({"status", "2", "--output", "json"}).out);
  CHECK(member_number(retried.at("devices").as_object(), "total") == 1);
  CHECK(member_number(retried.at("devices").as_object(), "failed") == 1);
  CHECK(scene.tell({"status", "3"}).exit_code == 4);
}

TEST_CASE("daemon work: a retry with another number of devices is told the number, which is then taken") {
  const ServedScene scene{4, R"({"bad_devices": ["dev-000001"]})"};
  REQUIRE(scene.tell({"run", scene.job}).exit_code == 7);
  const auto retry = [&](int devices) {
    const auto answer =
        ask_owner(scene.store,
                  {.method = "POST",
                   .target = "/api/v1/runs/1:retry",
                   .body = fmt::format(R"({{"failed": true, "expect_devices": {}}})", devices)},
                  std::chrono::seconds{60});
    REQUIRE(answer.has_value());
    REQUIRE(answer->has_value());
    return **answer;
  };

  const OwnerAnswer refused = retry(3);
  CHECK(refused.status == 409);
  CHECK(member_number(json_object(refused.body), "devices") == 1);
  CHECK(retry(1).status == 202);
}

TEST_CASE("daemon work: an undo sends its own call to those that were reached, by the daemon") {
  ServedScene scene{5};
  scene.folder.write("job.json", job_text(R"("chunk_size": 1, "stages": "none", "conflict": "allow",
      "compensate": {"product_key": "a1BwAGVxxxx", "identifier": "Reset"},)"));
  REQUIRE(scene.tell({"run", scene.job}).exit_code == 0);

  const ProgramEnd end = scene.tell({"undo", "1", "--yes"});

  INFO(end.err);
  CHECK(end.exit_code == 0);
  CHECK(scene.daemon->wait_until(
      [&] { return scene.tell({"why", "2"}).out.find("all devices accepted") != std::string::npos; }));
  const auto executions = scene.executions();
  CHECK(executions.size() == 5);
  for (const auto& [device, times] : executions) CHECK(times == 2);
}

TEST_CASE("daemon work: doubt is decided in the daemon, which sends again by itself what it is told to") {
  ServedScene scene{4, R"({"error_500_after_execution": 1})"};
  REQUIRE(scene.tell({"run", scene.job}).exit_code == 10);

  const ProgramEnd accepted = scene.tell({"doubt", "accept", "1", "--chunk", "1", "--reason", "seen"});
  CHECK_MESSAGE(accepted.exit_code == 0, accepted.err);
  const ProgramEnd again = scene.tell(
      {"doubt", "resend", "1", "--reason", "not seen", "--expect-devices", "3", "--output", "json"});

  REQUIRE_MESSAGE(again.exit_code == 0, again.err);
  CHECK(member_text(json_object(again.out), "next_command").starts_with("sluice status 1"));
  const auto sent = [&] {
    std::size_t requests = 0;
    for (const auto& [device, times] : scene.executions()) requests += static_cast<std::size_t>(times);
    return requests;
  };
  CHECK(scene.daemon->wait_until([&] { return sent() == 4 + 3; }));
  CHECK(scene.executions().at("dev-000001") == 1);
}

TEST_CASE("daemon work: resume takes up all that is paused, and names no run that is not") {
  const ServedScene scene{300};
  REQUIRE(scene.tell({"submit", scene.job}).exit_code == 0);
  REQUIRE(scene.tell({"pause", "1"}).exit_code == 0);

  const ProgramEnd end = scene.tell({"resume"});

  INFO(end.out, end.err);
  CHECK(end.exit_code == 0);
  CHECK(scene.daemon->wait_until(
      [&] { return scene.tell({"why", "1"}).out.find("all devices accepted") != std::string::npos; }));
  CHECK(each_once(scene.executions(), 300));
}

TEST_CASE("daemon work: a program that follows a run is told how it goes, an object a line") {
  const ServedScene scene{80};

  const ProgramEnd end = scene.tell({"run", scene.job, "--progress", "json"});

  CHECK(end.exit_code == 0);
  std::istringstream lines{end.err};
  std::vector<boost::json::object> told;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("{")) told.push_back(json_object(line));
  }
  // 80 requests at 40/s take two seconds.
  REQUIRE_MESSAGE(told.size() >= 2, end.err);
  for (const boost::json::object& progress : told) {
    CHECK(member_text(progress, "event") == "progress");
    CHECK(member_number(progress, "run") == 1);
    CHECK(member_number(progress.at("devices").as_object(), "total") == 80);
  }
  CHECK(member_text(told.front(), "state") == "running");
  CHECK(member_text(told.back(), "state") == "finished");
  CHECK(member_number(told.back().at("devices").as_object(), "accepted") == 80);
}

TEST_CASE("daemon work: a job's excluded devices are left out by the daemon as they are without one") {
  const ServedScene scene{5};
  scene.folder.write("old.csv", "device\ndev-000002\ndev-000004\ndev-000099\n");
  const std::string job = scene.folder.write("excluding.json", R"({"name": "x", "conflict": "allow",
      "call": {"product_key": "a1B", "identifier": "Set"},
      "targets": {"devices_file": "fleet.txt", "exclude_file": "old.csv"}})");

  const ProgramEnd served = scene.tell({"run", job});
  const ProgramEnd alone = scene.tell({"submit", job, "--store", scene.folder / "alone.db"});

  INFO(served.err);
  CHECK(served.exit_code == 0);
  CHECK(served.err.find("left out: 2 excluded") != std::string::npos);
  CHECK(alone.err.find("left out: 2 excluded") != std::string::npos);
  const auto reached = scene.executions();
  CHECK(reached.size() == 3);
  CHECK(reached.count("dev-000001") == 1);
  CHECK(reached.count("dev-000002") == 0);
}

TEST_CASE("daemon work: a list on standard input comes to the daemon, in each of its formats") {
  const ServedScene scene{9};

  const ProgramEnd text =
      scene.sluice({"run", scene.job, "--devices", "-", "--yes", "--config", scene.folder / "config.json"},
                   "dev-000001\n# not this\ndev-000002\n");
  const ProgramEnd csv = scene.sluice({"run", scene.job, "--devices", "-", "--column", "id", "--yes",
                                       "--config", scene.folder / "config.json"},
                                      "id,site\ndev-000003,north\n");
  const ProgramEnd lines = scene.sluice({"run", scene.job, "--devices", "-", "--column", "id", "--yes",
                                         "--config", scene.folder / "config.json"},
                                        "\n{\"id\": \"dev-000004\"}\n{\"id\": \"dev-000005\"}\n");
  const ProgramEnd wrong =
      scene.sluice({"submit", scene.job, "--devices", "-", "--yes", "--config", scene.folder / "config.json"},
                   "dev-000006\nno such name\n");

  INFO(text.err, csv.err, lines.err);
  CHECK(text.exit_code == 0);
  CHECK(csv.exit_code == 0);
  CHECK(lines.exit_code == 0);
  CHECK(each_once(scene.executions(), 5));
  CHECK(wrong.exit_code == 3);
  CHECK(wrong.err.find("standard input:2") != std::string::npos);
}

TEST_CASE("daemon work: quiet verbs that queue say nothing but what was queued, with a daemon and without") {
  const ServedScene scene{3};

  const ProgramEnd served = scene.tell({"submit", scene.job, "--quiet"});
  const ProgramEnd alone = scene.tell({"submit", scene.job, "--quiet", "--store", scene.folder / "alone.db"});

  CHECK(served.out == "run 1: 3 devices in 3 chunks queued (0 duplicates left out)\n");
  CHECK(served.err.empty());
  CHECK(alone.out == served.out);
  CHECK(alone.err.empty());
}

TEST_CASE("daemon work: prune has the daemon take out what is old, and a dry run only says so") {
  const ServedScene scene{3};
  REQUIRE(scene.tell({"run", scene.job}).exit_code == 0);
  REQUIRE(scene.tell({"run", scene.job}).exit_code == 0);
  const auto runs_left = [&] {
    return json_object(scene.tell({"list", "--output", "json"}).out).at("runs").as_array().size();
  };

  // The newest run stays, since its attempts tell how far the store has come.
  const ProgramEnd dry = scene.tell({"prune", "--dry-run", "--older-than", "1ms"});
  CHECK(dry.out.find("\n1 run would be taken out.\n") != std::string::npos);
  CHECK(runs_left() == 2);
  const ProgramEnd real = scene.tell({"prune", "--older-than", "1ms"});
  CHECK(real.exit_code == 0);
  CHECK(real.out.find("\n1 run taken out: ") != std::string::npos);
  CHECK(runs_left() == 1);
  CHECK(scene.tell({"audit", "list"}).out.find("runs_pruned") != std::string::npos);
}

}  // namespace sluice::tests
