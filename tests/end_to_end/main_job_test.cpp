// SPDX-License-Identifier: MIT
// The main job of the real program against the simulated cloud as a process of its own, over TLS.
#include <doctest/doctest.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <csignal>
#include <set>
#include <sstream>

#include "end_to_end/scene.hpp"

namespace sluice::tests {
namespace {

namespace json = boost::json;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string first_field(const std::string& line, char until) { return line.substr(0, line.find(until)); }

std::vector<std::string> keys_of(const json::object& object) {
  std::vector<std::string> keys;
  for (const auto& member : object) keys.emplace_back(member.key());
  return keys;
}

/// The first word of each line but the first `skipped` ones.
std::set<std::string> devices_in(const std::string& text, char until, std::size_t skipped) {
  std::set<std::string> devices;
  const std::vector<std::string> lines = lines_of(text);
  REQUIRE(lines.size() >= skipped);
  for (std::size_t i = skipped; i < lines.size(); ++i) {
    const bool is_new = devices.insert(first_field(lines[i], until)).second;
    CHECK(is_new);
  }
  return devices;
}

std::set<std::string> device_names(std::size_t count) { return devices_in(device_lines(count), '\n', 0); }

struct CloudProcess {
  explicit CloudProcess(const Scene& scene)
      : program(scene.start({"simulate", "--tls", "--ca-out", scene.ca_file, "--ledger",
                             scene.folder / "ledger.ndjson", "--limit", "500", "--output", "json"})) {
    REQUIRE(program->wait_until([this] { return program->out().ends_with("\n"); }));
    url = first_field(program->out(), '\n');
  }

  std::unique_ptr<Program> program;
  std::string url;
};

}  // namespace

TEST_CASE(
    "end to end: 1,250 devices in 13 chunks are executed once each over TLS, and each is in the results") {
  Scene scene{1250};
  CloudProcess cloud{scene};

  const ProgramEnd run =
      scene.sluice({"run", scene.job, "--yes", "--store", scene.store, "--rate", "500", "--endpoint",
                    cloud.url, "--ca-file", scene.ca_file, "--output", "json"});

  REQUIRE_MESSAGE(run.exit_code == 0, run.err);
  REQUIRE(lines_of(run.out).size() == 1);
  const json::object summary = json_object(run.out);
  CHECK(keys_of(summary) == std::vector<std::string>{"schema_version", "run", "job", "status", "devices",
                                                     "chunks", "requests", "throttled", "started_at",
                                                     "finished_at", "seconds", "reason", "next_command"});
  CHECK(
      keys_of(summary.at("devices").as_object()) ==
      std::vector<std::string>{"total", "accepted", "presumed", "failed", "in_doubt", "canceled", "pending"});
  CHECK(summary.at("schema_version") == 1);
  CHECK(summary.at("run") == 1);
  CHECK(summary.at("job") == "fw-2.14");
  CHECK(summary.at("status") == "succeeded");
  CHECK(summary.at("requests") == 13);
  CHECK(summary.at("throttled") == 0);
  CHECK(summary.at("devices").at("total") == 1250);
  CHECK(summary.at("devices").at("accepted") == 1250);
  CHECK(summary.at("chunks").at("succeeded") == 13);

  CHECK(each_once(scene.executions(), 1250));
  std::size_t largest = 0;
  for (const json::object& request : scene.ledger()) {
    largest = std::max(largest, static_cast<std::size_t>(member_number(request, "devices")));
  }
  CHECK(largest == 100);

  const auto results = [&](const std::string& format) {
    const ProgramEnd end = scene.sluice({"results", "1", "--store", scene.store, "--output", format});
    CHECK(end.exit_code == 0);
    CHECK(end.err.empty());
    return end.out;
  };
  const std::set<std::string> all = device_names(1250);
  CHECK(devices_in(results("txt"), '\n', 0) == all);
  CHECK(devices_in(results("table"), ' ', 1) == all);
  CHECK(devices_in(results("csv"), ',', 1) == all);
  CHECK(lines_of(results("csv")).front() ==
        "device,state,evidence,chunk,attempts,request_id,code,message,settled_at");
  CHECK(json_object(results("json")).at("results").as_array().size() == 1250);
  std::set<std::string> in_ndjson;
  for (const json::object& row : scene.results()) {
    in_ndjson.insert(member_text(row, "device"));
    CHECK(row.at("state") == "accepted");
    CHECK(row.at("evidence") == "confirmed");
    CHECK(row.at("attempts") == 1);
    CHECK_FALSE(row.at("request_id").as_string().empty());
  }
  CHECK(in_ndjson == all);

  const ProgramEnd verified = scene.sluice({"verify-rate", "1", "--store", scene.store, "--output", "json"});
  CHECK(verified.exit_code == 0);
  CHECK(json_object(verified.out).at("verdict") == "held");
  CHECK(json_object(verified.out).at("sends") == 13);

  cloud.program->send_signal(SIGINT);
  const ProgramEnd seen = cloud.program->wait();
  CHECK(seen.exit_code == 0);
  const json::object saw = json_object(lines_of(seen.out).back());
  CHECK(saw.at("requests") == 13);
  CHECK(saw.at("devices_executed") == 1250);
  CHECK(saw.at("devices_executed_more_than_once") == 0);
}

TEST_CASE("end to end: a finished run reads as finished in status, list and why") {
  Scene scene{250};
  scene.start_cloud();
  REQUIRE(scene.sluice(scene.run()).exit_code == 0);
  const auto text_of = [&](const Words& words) {
    Words all = words;
    all.insert(all.end(), {"--store", scene.store});
    const ProgramEnd end = scene.sluice(all);
    CHECK(end.exit_code == 0);
    CHECK(end.err.empty());
    return end.out;
  };

  CHECK(text_of({"status"}).find("250: accepted 250") != std::string::npos);
  CHECK(text_of({"status", "1"}).find("chunks    3 of 3 done") != std::string::npos);
  CHECK(text_of({"why", "1"}).starts_with("run 1: finished: all devices accepted → sluice results 1"));
  const std::vector<std::string> listed = lines_of(text_of({"list"}));
  REQUIRE(listed.size() == 2);
  CHECK(listed[1].find("fw-2.14") != std::string::npos);
  CHECK(listed[1].find("succeeded") != std::string::npos);
  const json::object list = json_object(text_of({"list", "--output", "json"}));
  REQUIRE(list.at("runs").as_array().size() == 1);
  CHECK(list.at("runs").as_array()[0].at("status") == "succeeded");
}

TEST_CASE("end to end: what results prints as txt is a device list for the next run") {
  Scene scene{120};
  scene.start_cloud(cloud_with(R"({"bad_devices": ["dev-000007"]})"));
  REQUIRE(scene.sluice(scene.run()).exit_code == 7);
  const Words accepted{"results", "1", "--store", scene.store, "--state", "accepted", "--output", "txt"};
  const std::string list = scene.sluice(accepted).out;
  scene.start_cloud();

  const ProgramEnd again =
      scene.sluice(scene.run({"--devices", "-", "--output", "json", "--expect-devices", "119"}), list);

  CHECK_MESSAGE(again.exit_code == 0, again.err);
  CHECK(json_object(again.out).at("devices").at("accepted") == 119);
  CHECK(scene.executions().count("dev-000007") == 0);
}

TEST_CASE("end to end: results are picked by the code of their newest answer") {
  Scene scene{4};
  scene.start_cloud(cloud_with(R"({"bad_devices": ["dev-000002", "dev-000004"]})"));
  REQUIRE(scene.sluice(scene.run()).exit_code == 7);
  const auto names_of = [&](const Words& picked) {
    Words words{"results", "1", "--store", scene.store, "--output", "txt"};
    words.insert(words.end(), picked.begin(), picked.end());
    return scene.sluice(words).out;
  };

  CHECK(names_of({"--code", "iot.device.NotExistedDevice"}) == "dev-000002\ndev-000004\n");
  CHECK(names_of({"--code", "iot.device.NotExistedDevice", "--state", "accepted"}).empty());
  CHECK(names_of({"--code", "NotExistedDevice"}).empty());
  CHECK(names_of({"--code", "none"}) == "dev-000001\ndev-000003\n");
}

TEST_CASE("end to end: plain HTTP towards loopback works like TLS") {
  Scene scene{250};
  simulator::Options plain = cloud_with();
  plain.tls = false;
  scene.start_cloud(plain);
  REQUIRE(scene.cloud->url().starts_with("http://"));

  CHECK(scene.sluice(scene.run()).exit_code == 0);

  CHECK(each_once(scene.executions(), 250));
}

TEST_CASE("end to end: a rehearsal proves its rate and leaves nothing behind") {
  Scene scene{1250};

  const ProgramEnd end = scene.sluice({"rehearse", scene.job, "--rate", "500"});

  CHECK_MESSAGE(end.exit_code == 0, end.err);
  CHECK(end.out.find("rehearsal: 13 sends in ") != std::string::npos);
  CHECK(end.out.find("(limit 500): held.") != std::string::npos);
  CHECK(end.out.find("more than once          0\n") != std::string::npos);
  CHECK(std::filesystem::is_empty(scene.folder / "tmp"));
  CHECK(std::filesystem::is_empty(scene.folder / "home"));
}

TEST_CASE("end to end: a rehearsal that is interrupted leaves nothing behind either") {
  Scene scene{1250};
  const std::string ledger = scene.folder / "ledger.ndjson";
  std::unique_ptr<Program> rehearsal =
      scene.start({"rehearse", scene.job, "--rate", "10", "--ledger", ledger});
  REQUIRE(rehearsal->wait_until([&] { return !content_of(ledger).empty(); }));

  rehearsal->send_signal(SIGINT);
  const ProgramEnd end = rehearsal->wait();

  CHECK_MESSAGE(end.exit_code == 130, end.err);
  CHECK(std::filesystem::is_empty(scene.folder / "tmp"));
}

}  // namespace sluice::tests
