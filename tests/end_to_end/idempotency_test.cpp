// SPDX-License-Identifier: MIT
// A request that comes again with its key, to the real daemon: also after the daemon died at the worst
// moment.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <boost/json.hpp>
#include <csignal>
#include <memory>
#include <string>

#include "app/control_client.hpp"
#include "end_to_end/scene.hpp"

namespace sluice::tests {
namespace {

namespace json = boost::json;

struct KeyScene : Scene {
  KeyScene() : Scene{1} {
    start_cloud();
    const std::string key = folder.write(
        "good.key", "[default]\ntype = access_key\naccess_key_id = testid\naccess_key_secret = testsecret\n");
    REQUIRE(::chmod(key.c_str(), 0600) == 0);
    folder.write(
        "config.json",
        fmt::format(
            R"({{"store": "{}", "default_tenant": "good", "tenants": {{"good": {{"endpoint": "{}", "rate": 500,
                "credentials_file": "good.key", "ca_file": "ca.pem"}}}}}})",
            store, cloud->url()));
  }

  /// @param kill_at where it is to die; empty: nowhere
  void serve(const std::string& kill_at = "") {
    daemon.reset();
    if (!kill_at.empty()) environment.push_back("SLUICE_TEST_KILL_AT=" + kill_at);
    daemon = start({"serve", "--config", folder / "config.json"});
    if (!kill_at.empty()) environment.pop_back();
    REQUIRE_MESSAGE(daemon->wait_until([&] { return get("/readyz").status == 200; }), daemon->err());
  }

  OwnerAnswer ask(const ApiRequest& request) const {
    const auto answer = ask_owner(store, request, std::chrono::seconds{60});
    return answer.has_value() && *answer ? **answer : OwnerAnswer{};
  }
  OwnerAnswer get(const std::string& target) const { return ask({.method = "GET", .target = target}); }

  OwnerAnswer submit(const std::string& key, const std::string& devices = R"(["dev-000001"])") const {
    const std::string job = R"({"name": "x", "call": {"product_key": "a1B", "identifier": "Set"}})";
    return ask(
        {.method = "POST",
         .target = "/api/v1/runs",
         .headers = {{"idempotency-key", key}},
         .body = fmt::format(R"({{"job": {}, "devices": {}}})", json::serialize(json::value(job)), devices)});
  }

  std::size_t runs() const { return json::parse(get("/api/v1/runs").body).at("items").as_array().size(); }

  bool is_over(int run) const {
    const OwnerAnswer answer = get(fmt::format("/api/v1/runs/{}", run));
    return answer.body.find("\"status\":\"succeeded\"") != std::string::npos;
  }

  std::unique_ptr<Program> daemon;
};

}  // namespace

TEST_CASE("idempotency: the daemon makes one run of a request that comes three times, once after a restart") {
  KeyScene scene;
  scene.serve();
  const OwnerAnswer first = scene.submit("a-key");
  REQUIRE(first.status == 202);

  const OwnerAnswer again = scene.submit("a-key");
  CHECK(again.status == 202);
  CHECK(again.body == first.body);
  CHECK(scene.submit("a-key", R"(["dev-000002"])").status == 422);
  REQUIRE(scene.daemon->wait_until([&] { return scene.is_over(1); }));
  scene.daemon->send_signal(SIGTERM);
  CHECK(scene.daemon->wait().exit_code == 0);
  scene.serve();
  CHECK(scene.submit("a-key").body == first.body);

  CHECK(scene.runs() == 1);
  CHECK(each_once(scene.executions(), 1));
}

TEST_CASE("idempotency: a daemon that dies after the seal makes no second run, and says which one there is") {
  KeyScene scene;
  scene.serve("import.sealed:1");
  CHECK(scene.submit("a-key").status == 0);
  CHECK(scene.daemon->wait().exit_code == 128 + SIGKILL);
  scene.serve();

  const OwnerAnswer answer = scene.submit("a-key");

  CHECK(answer.status == 202);
  const json::value run = json::parse(answer.body);
  CHECK(run.at("run") == 1);
  CHECK(run.at("devices") == 1);
  CHECK(run.at("chunks") == 1);
  REQUIRE(scene.daemon->wait_until([&] { return scene.is_over(1); }));
  CHECK(scene.runs() == 1);
  CHECK(each_once(scene.executions(), 1));
}

TEST_CASE("idempotency: a daemon that dies before the seal has done nothing, and the next one does it") {
  KeyScene scene;
  scene.serve("import.seal:1");
  CHECK(scene.submit("a-key").status == 0);
  CHECK(scene.daemon->wait().exit_code == 128 + SIGKILL);
  scene.serve();
  CHECK(scene.runs() == 0);

  const OwnerAnswer answer = scene.submit("a-key");

  CHECK(answer.status == 202);
  CHECK(scene.submit("a-key").body == answer.body);
  REQUIRE(scene.daemon->wait_until([&] { return scene.executions().size() == 1; }));
  CHECK(scene.runs() == 1);
  CHECK(each_once(scene.executions(), 1));
}

}  // namespace sluice::tests
