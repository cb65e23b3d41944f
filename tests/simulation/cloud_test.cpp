// SPDX-License-Identifier: MIT
// The simulated cloud executes a command as often as the real one would: a better memory than that would hide
// what we do wrong, and a worse one would blame us for it.
#include "simulation/cloud.hpp"

#include <doctest/doctest.h>

namespace {

using namespace sluice::simulation;
using namespace std::chrono_literals;

struct Scene {
  Scene() {
    scenario.rate = 1000;
    scenario.nonce_retention = 16min;
    scenario.runs.push_back({.devices = 3, .is_bad = {false, false, true}});
    world.go_to(1h);
  }

  CloudAnswer send(const std::string& nonce, const std::string& key = "key",
                   std::vector<DeviceName> devices = {{0, 0}}, std::chrono::seconds clock_error = 0s) {
    Form form{.nonce = nonce, .key = key, .devices = std::move(devices)};
    const auto stamped = sluice::simulation::Machine::true_utc(world.now()) + clock_error;
    form.timestamp = std::chrono::floor<std::chrono::seconds>(stamped).time_since_epoch().count();
    return cloud.receive(form);
  }

  World world{false};
  Scenario scenario;
  int executions = 0;
  Cloud cloud{world, scenario, [this](const Form&) { ++executions; }};
};

}  // namespace

TEST_CASE("simulated cloud: a nonce is executed once for as long as it is remembered, and again afterwards") {
  Scene scene;

  CHECK(scene.send("n").says_accepted);
  scene.world.go_to(1h + 15min);
  CHECK(scene.send("n").truth == Truth::unclear);
  CHECK(scene.executions == 1);
  scene.world.go_to(1h + 16min + 1s);
  CHECK(scene.send("n").says_accepted);
  CHECK(scene.executions == 2);
}

TEST_CASE("simulated cloud: nonces are known by key, so the same one under another key is executed") {
  Scene scene;

  CHECK(scene.send("n", "one").says_accepted);
  CHECK(scene.send("n", "other").says_accepted);
  CHECK(scene.executions == 2);
}

TEST_CASE("simulated cloud: a timestamp that is off by more than a quarter of an hour is refused") {
  Scene scene;

  CHECK(scene.send("early", "key", {{0, 0}}, 16min).truth == Truth::refused);
  CHECK(scene.send("late", "key", {{0, 0}}, -16min).truth == Truth::refused);
  CHECK(scene.send("close", "key", {{0, 0}}, -14min).says_accepted);
  CHECK(scene.executions == 1);
}

TEST_CASE("simulated cloud: one bad device has the whole request refused, and none of it is executed") {
  Scene scene;

  const CloudAnswer answer = scene.send("n", "key", {{0, 0}, {0, 2}});

  CHECK(answer.blames_device);
  CHECK(answer.truth == Truth::refused);
  CHECK(scene.executions == 0);
}

TEST_CASE("simulated cloud: more arrivals in a second than the quota are throttled") {
  Scene scene;
  scene.scenario.rate = 2;

  CHECK(scene.send("1").says_accepted);
  CHECK(scene.send("2").says_accepted);
  CHECK(scene.send("3").response.body.find("Throttling") != std::string::npos);
  scene.world.go_to(1h + 1s);
  CHECK(scene.send("4").says_accepted);
}

TEST_CASE("simulated cloud: a form is read as it was written, in the order of the devices' numbers") {
  const Form form = read_form(
      "AccessKeyId=key&DeviceName.1=r0-d0000&DeviceName.10=r0-d0009&DeviceName.2=r0-d0001&SignatureNonce=n"
      "&Timestamp=2025-10-09T08%3A53%3A20Z");

  CHECK(form.is_whole);
  CHECK(form.timestamp == 1'760'000'000);
  CHECK(form.devices == std::vector<DeviceName>{{0, 0}, {0, 1}, {0, 9}});
}
