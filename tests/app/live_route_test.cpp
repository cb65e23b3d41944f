// SPDX-License-Identifier: MIT
// How the daemon stands at this moment, without a store to ask.
#include "app/live_route.hpp"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include "clock/virtual_clock.hpp"

using namespace sluice;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

struct Scene {
  boost::asio::io_context loop;
  VirtualClock clock{loop};  // 1'700'000'000, which is 2023-11-14T22:13:20Z
  LiveTenants live{clock};

  Vitals well() const {
    return {.loop_at = clock.steady_now(),
            .database_at = clock.steady_now(),
            .is_store_open = true,
            .is_recovered = true};
  }
  json::value seen(const LiveReadings& readings, std::optional<std::int64_t> since = std::nullopt) {
    return json::parse(live_json(readings, clock.utc_now(), clock.steady_now(), since));
  }
  void pass(std::chrono::nanoseconds time) { clock.run_until(clock.steady_now() + time); }
  LiveLane lane(const std::string& tenant) {
    return {.tenant = tenant, .rate_limit = 10, .serving = {}, .trouble = {}, .sending = live.find(tenant)};
  }
};

AttemptSettled settled(AttemptId attempt) {
  return {.run = RunId{7}, .chunk = ChunkId{1}, .attempt = attempt};
}

}  // namespace

TEST_CASE("live: a tenant is told with its pace, what is on its way, and its sends second by second") {
  Scene scene;
  const auto observer = scene.live.observe("north", 10);
  const SteadyTime begin = scene.clock.steady_now();
  for (int i = 1; i <= 3; ++i) observer->attempt_sent({.attempt = AttemptId{i}}, begin);
  observer->attempt_settled(settled(AttemptId{2}), begin);
  observer->rate_changed(5);
  observer->others_use(2.5);
  scene.pass(1s);
  // Told late, it is counted when it went out.
  observer->attempt_sent({.attempt = AttemptId{4}}, begin + 900ms);
  LiveLane lane = scene.lane("north");
  lane.serving = {RunId{7}, RunId{9}};

  const json::value told =
      scene.seen({.vitals = scene.well(), .started_at = scene.clock.utc_now() - 1s, .lanes = {lane}});

  CHECK(told ==
        json::parse(R"({"schema_version": 1, "at": "2023-11-14T22:13:21.000Z", "version": ")" SLUICE_VERSION
                    R"(", "started_at": "2023-11-14T22:13:20.000Z",
    "unconfirmed_stop": false, "configuration_valid": true, "draining": false, "problems": [],
    "tenants": [{"tenant": "north", "rate_limit": 10, "rate_in_force": 5, "others_rate": 2.5, "in_flight": 3,
      "endpoint_reachable": true, "retries_held": false, "store_held": false, "serving_runs": [7, 9], "stuck": "",
      "sends": {"first_second": 1700000000, "counts": [4]}}]})"));
}

TEST_CASE("live: a configured tenant that nobody serves is told as one that sent nothing") {
  Scene scene;
  LiveLane lane = scene.lane("south");
  lane.trouble = "there is no key";

  const json::value told = scene.seen({.vitals = scene.well(), .lanes = {lane}});

  const json::value& south = told.at("tenants").at(0);
  CHECK(south.at("rate_in_force") == 10);
  CHECK(south.at("stuck") == "there is no key");
  CHECK(south.at("sends").at("counts").as_array().empty());
}

TEST_CASE("live: since leaves out the seconds that the page has") {
  Scene scene;
  const auto observer = scene.live.observe("north", 10);
  scene.pass(3s);
  observer->attempt_sent({.attempt = AttemptId{1}}, scene.clock.steady_now());
  scene.pass(1s);

  const json::value told =
      scene.seen({.vitals = scene.well(), .lanes = {scene.lane("north")}}, 1'700'000'003);

  CHECK(told.at("tenants").at(0).at("sends") ==
        json::parse(R"({"first_second": 1700000003, "counts": [1]})"));
}

TEST_CASE("live: what troubles the daemon is told in the words of its readiness") {
  Scene scene;
  Vitals vitals = scene.well();
  vitals.is_configuration_valid = false;
  vitals.is_draining = true;
  vitals.database_at = scene.clock.steady_now() - 16s;

  const json::value told = scene.seen({.vitals = vitals, .has_unconfirmed_stop = true, .lanes = {}});

  CHECK(told.at("configuration_valid") == false);
  CHECK(told.at("draining") == true);
  CHECK(told.at("unconfirmed_stop") == true);
  CHECK(told.at("problems") == json::parse(R"(["the database has not answered lately",
        "the configuration file is invalid; an older one is in force", "it is about to end"])"));
}

TEST_CASE("live: a dispatcher that begins anew forgets the trouble of the one before, not its sends") {
  Scene scene;
  const auto observer = scene.live.observe("north", 10);
  observer->attempt_sent({.attempt = AttemptId{1}}, scene.clock.steady_now());
  observer->endpoint_lost("refused");
  observer->retries_held(true);
  observer->store_held(true);
  observer->rate_changed(1);
  scene.pass(1s);
  CHECK_FALSE(scene.live.find("north")->is_endpoint_reachable);
  CHECK(scene.live.find("north")->are_retries_held);
  CHECK(scene.live.find("north")->is_store_held);

  scene.live.begin_to_serve("north", 8);

  const LiveTenant& north = *scene.live.find("north");
  CHECK(north.is_endpoint_reachable);
  CHECK_FALSE(north.are_retries_held);
  CHECK_FALSE(north.is_store_held);
  CHECK(north.rate_in_force == 8);
  CHECK(north.in_flight.empty());
  CHECK(north.sends.counts(scene.clock.utc_now()).counts == std::vector<std::int64_t>{1});
}

TEST_CASE("live: a tenant that is not served any more has nothing on its way") {
  Scene scene;
  auto observer = scene.live.observe("north", 10);
  observer->attempt_sent({.attempt = AttemptId{1}}, scene.clock.steady_now());

  observer.reset();

  CHECK(scene.live.find("north")->in_flight.empty());
}
