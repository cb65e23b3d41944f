// SPDX-License-Identifier: MIT
// doctor as an operator meets it: before the cloud, before one with another time, and before nothing.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <boost/json/parse.hpp>
#include <csignal>
#include <memory>
#include <string>

#include "end_to_end/scene.hpp"

namespace sluice::tests {
namespace {

struct DoctorScene : Scene {
  DoctorScene() : Scene{3} {}

  void write_config() const {
    folder.write("config.json", fmt::format(R"({{"store": "{}", "tenants": {{"prod": {{"endpoint": "{}",
        "rate": 10, "ca_file": "ca.pem"}}}}}})",
                                            store, cloud->url()));
  }
  ProgramEnd doctor(Words words = {}) const {
    words.insert(words.begin(), {"doctor", "--config", folder / "config.json"});
    return sluice(words);
  }
  /// The level of that finding; empty: there is none.
  std::string level_of(const ProgramEnd& end, std::string_view check) const {
    const boost::json::object report = json_object(end.out);
    for (const auto& finding : report.at("findings").as_array()) {
      if (finding.at("check").as_string() == check) return std::string{finding.at("level").as_string()};
    }
    return {};
  }
};

}  // namespace

TEST_CASE("end to end: doctor finds nothing wrong with a good set-up, sends no command and shows no key") {
  DoctorScene scene;
  scene.start_cloud();
  scene.write_config();
  REQUIRE(scene.sluice(scene.run({"--quiet"})).exit_code == 0);
  const long requests = scene.cloud->summary().requests;
  const auto executions = scene.executions();

  const ProgramEnd text = scene.doctor();
  const ProgramEnd json = scene.doctor({"--output", "json"});

  CHECK_MESSAGE(text.exit_code == 0, text.out);
  CHECK(text.out.find(" 0 problems\n") != std::string::npos);
  CHECK(member_text(json_object(json.out), "status") == "ok");
  for (const char* check : {"versions", "configuration", "store", "access", "integrity", "schema",
                            "generation", "log", "owner", "disk", "credentials", "endpoint", "clock"}) {
    CAPTURE(check);
    CHECK(scene.level_of(json, check) == "ok");
  }
  CHECK(scene.executions() == executions);
  CHECK(scene.cloud->summary().requests <= requests + 2);
  for (const char* key : {"testid", "testsecret"}) {
    CAPTURE(key);
    CHECK((text.out + text.err + json.out + json.err).find(key) == std::string::npos);
  }
}

TEST_CASE("end to end: doctor names a daemon that answers, and warns of one that hangs") {
  DoctorScene scene;
  scene.start_cloud();
  scene.write_config();
  const std::unique_ptr<Program> daemon = scene.start({"serve", "--config", scene.folder / "config.json"});
  REQUIRE(daemon->wait_until(
      [&] { return scene.doctor().out.find("owns the store and answers") != std::string::npos; }));

  daemon->send_signal(SIGSTOP);
  const ProgramEnd end = scene.doctor({"--output", "json"});

  CHECK(scene.level_of(end, "owner") == "warning");
}

TEST_CASE("end to end: doctor warns of a clock that is two minutes off, and calls sixteen a problem") {
  for (const auto& [skew, level, exit_code] :
       {std::tuple{-120, "warning", 0}, std::tuple{120, "warning", 0}, std::tuple{-960, "problem", 6}}) {
    CAPTURE(skew);
    DoctorScene scene;
    scene.start_cloud(cloud_with(fmt::format(R"({{"clock_skew_s": {}}})", skew)));
    scene.write_config();

    const ProgramEnd end = scene.doctor({"--output", "json"});

    CHECK(scene.level_of(end, "clock") == level);
    CHECK(end.exit_code == exit_code);
  }
}

TEST_CASE(
    "end to end: doctor says which of endpoint, key, certificate, store and configuration is at fault") {
  DoctorScene scene;
  scene.start_cloud();
  scene.write_config();
  REQUIRE(scene.sluice(scene.run({"--quiet"})).exit_code == 0);

  SUBCASE("endpoint") {
    scene.environment.push_back("SLUICE_ENDPOINT=http://127.0.0.1:9");
    const ProgramEnd end = scene.doctor({"--output", "json"});
    CHECK(end.exit_code == 6);
    CHECK(scene.level_of(end, "endpoint") == "problem");
    CHECK(scene.level_of(end, "clock").empty());
    CHECK(end.out.find(R"("origin":"SLUICE_ENDPOINT")") != std::string::npos);
  }
  SUBCASE("key") {
    const std::string file = scene.folder.write("open.key", "[default]\n");
    REQUIRE(::chmod(file.c_str(), 0644) == 0);
    scene.environment.push_back("SLUICE_CREDENTIALS=" + file);
    const ProgramEnd end = scene.doctor({"--output", "json"});
    CHECK(end.exit_code == 6);
    CHECK(scene.level_of(end, "credentials") == "problem");
    CHECK(end.out.find("chmod 600") != std::string::npos);
  }
  SUBCASE("certificate") {
    scene.folder.write("ca.pem", "no certificate");
    const ProgramEnd end = scene.doctor({"--output", "json"});
    CHECK(end.exit_code == 6);
    CHECK(scene.level_of(end, "endpoint") == "problem");
  }
  SUBCASE("store") {
    scene.folder.write("other.db", std::string(10'000, 'x'));
    const ProgramEnd end = scene.doctor({"--output", "json", "--store", scene.folder / "other.db"});
    CHECK(end.exit_code == 6);
    CHECK(scene.level_of(end, "integrity") == "problem");
  }
  SUBCASE("configuration") {
    scene.folder.write("config.json", R"({"tenant": {}})");
    const ProgramEnd end = scene.doctor({"--output", "json", "--store", scene.store});
    CHECK(end.exit_code == 6);
    CHECK(scene.level_of(end, "configuration") == "problem");
    CHECK(scene.level_of(end, "integrity") == "ok");
  }
}

TEST_CASE("end to end: doctor looks at a store that the daemon has, and names the process") {
  DoctorScene scene;
  scene.start_cloud();
  scene.write_config();
  const std::unique_ptr<Program> daemon = scene.start({"serve", "--config", scene.folder / "config.json"});

  const bool is_named = daemon->wait_until([&] {
    return scene.doctor().out.find(fmt::format("process {} owns the store", daemon->id())) !=
           std::string::npos;
  });

  CHECK(is_named);
}

}  // namespace sluice::tests
