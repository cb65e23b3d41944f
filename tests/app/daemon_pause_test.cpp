// SPDX-License-Identifier: MIT
#include "app/daemon_pause.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "sluice/store/open_store.hpp"
#include "sluice/store/pages.hpp"
#include "store/store_fixture.hpp"

using namespace sluice;
using namespace sluice::store_tests;

namespace {

struct Scene {
  std::string reason() {
    const auto row = expect(store->pages().tenant("prod"));
    return row ? row->paused_reason : "";
  }
  void say(const std::string& why) { expect(set_daemon_pause(*store, "prod", why, noon)); }

  std::unique_ptr<Store> store = expect(open_memory_store(noon));
};

}  // namespace

TEST_CASE("daemon pause: the daemon takes its own word back, whatever it was") {
  Scene scene;
  submit(*scene.store, {1}, "prod");
  scene.say("the key cannot be read");
  CHECK(is_daemon_pause(scene.reason()));
  scene.say("the configuration has no such tenant");
  CHECK(scene.reason() == "daemon: the configuration has no such tenant");

  scene.say("");

  CHECK(scene.reason().empty());
}

TEST_CASE(
    "daemon pause: what an answer of the cloud has paused is neither renamed nor lifted by the daemon") {
  Scene scene;
  submit(*scene.store, {1}, "prod");
  expect(scene.store->set_tenant_pause("prod", "unpaid bill", noon));

  scene.say("the configuration has no such tenant");
  CHECK(scene.reason() == "unpaid bill");
  scene.say("");

  CHECK(scene.reason() == "unpaid bill");
}
