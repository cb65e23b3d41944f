// SPDX-License-Identifier: MIT
// Which stage an approval means, and whose word counts.
#include "sluice/engine/stage_approval.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "sluice/store/open_store.hpp"
#include "store/store_fixture.hpp"

using namespace sluice;
using namespace sluice::store_tests;

namespace {

constexpr const char* job_text =
    R"({"name": "fw", "call": {"product_key": "a1BwAGVxxxx", "identifier": "Set", "args": {}},)"
    R"( "targets": {"devices_file": "fleet.txt"},)"
    R"( "stages": [{"name": "canary", "devices": 1},)"
    R"( {"name": "ten", "percent": 50, "approval": {"not_by_submitter": true}},)"
    R"( {"name": "rest", "percent": 75, "approval": true}, {"name": "plain", "percent": 100}]})";

struct Scene {
  Scene()
      : run(expect(store->create_run({.job_name = "fw",
                                      .tenant = "prod",
                                      .endpoint = "https://iot.example",
                                      .job_text = job_text,
                                      .rate = 8,
                                      .created_at = noon,
                                      .submitter = "alice (uid 1000)",
                                      .stages = {{"canary", 1}, {"ten", 1}, {"rest", 2}, {"plain", 1}}}))) {
    expect(store->add_chunks(run, {{.devices = 1, .names = "dev-1\n", .stage = 1},
                                   {.devices = 1, .names = "dev-2\n", .stage = 2},
                                   {.devices = 2, .names = "dev-3\ndev-4\n", .stage = 3},
                                   {.devices = 1, .names = "dev-5\n", .stage = 4}}));
    expect(store->seal_run(run, 0));
    expect(store->open_stage(run, 1, noon));
  }

  Result<ApprovedStage> approve(std::string actor, std::string stage = {}, bool is_past_gate = false) {
    return approve_stage(*store, {.run = run,
                                  .stage = std::move(stage),
                                  .is_past_gate = is_past_gate,
                                  .actor = std::move(actor),
                                  .now = noon});
  }

  std::unique_ptr<Store> store = expect(open_memory_store(noon));
  RunId run;
};

}  // namespace

TEST_CASE("stage approval: without a name it means the stage that waits, and it can be said twice") {
  Scene scene;
  expect(scene.store->note_stage_settled(scene.run, 1, noon));

  const ApprovedStage approved = expect(scene.approve("bob (uid 1001)"));
  CHECK(approved == ApprovedStage{scene.run, 2, "ten", false, true});
  CHECK(expect(scene.store->stages(scene.run)).at(1).approved_by == "bob (uid 1001)");
  CHECK_FALSE(expect(scene.approve("bob (uid 1001)")).is_changed);
  CHECK_FALSE(expect(scene.approve("carol (uid 1002)", "ten")).is_changed);
}

TEST_CASE("stage approval: said once more when its stage has started, it does not reach the one after it") {
  Scene scene;
  expect(scene.store->note_stage_settled(scene.run, 1, noon));
  expect(scene.approve("bob (uid 1001)"));
  expect(scene.store->open_stage(scene.run, 2, noon));

  const Result<ApprovedStage> again = scene.approve("carol (uid 1002)");

  REQUIRE(kind_of(again) == ErrorKind::refused);
  CHECK(again.error().hint == "To approve it ahead: sluice approve 1 --stage \"rest\"");
  CHECK(expect(scene.approve("carol (uid 1002)", "rest")).number == 3);
}

TEST_CASE("stage approval: a stage that asks for none is approved past its gate only") {
  Scene scene;

  const Result<ApprovedStage> refused = scene.approve("bob (uid 1001)", "plain");

  REQUIRE(kind_of(refused) == ErrorKind::refused);
  CHECK(refused.error().hint.find("--past-gate") != std::string::npos);
  CHECK(expect(scene.approve("bob (uid 1001)", "plain", true)).is_past_gate);
}

TEST_CASE("stage approval: what is approved past its gate is more than what is approved") {
  Scene scene;
  expect(scene.approve("bob (uid 1001)", "ten"));

  const ApprovedStage overruled = expect(scene.approve("bob (uid 1001)", "ten", true));

  CHECK(overruled.is_changed);
  CHECK(overruled.is_past_gate);
  CHECK_FALSE(expect(scene.approve("bob (uid 1001)", "ten")).is_changed);
}

TEST_CASE("stage approval: where the job wants somebody else, its submitter is refused, and only there") {
  Scene scene;

  CHECK(kind_of(scene.approve("alice (uid 1000)", "ten")) == ErrorKind::refused);
  CHECK(expect(scene.approve("alice (uid 1000)", "rest")).number == 3);
}

TEST_CASE("stage approval: a stage that is not there is named with those that are") {
  Scene scene;

  const Result<ApprovedStage> unknown = scene.approve("bob (uid 1001)", "teen");
  REQUIRE(kind_of(unknown) == ErrorKind::not_found);
  CHECK(unknown.error().hint == "Its stages are: canary, ten, rest, plain.");
  CHECK(kind_of(scene.approve("bob (uid 1001)", "canary")) == ErrorKind::refused);

  const RunId plain = submit(*scene.store, {1});
  CHECK(kind_of(approve_stage(*scene.store, {.run = plain, .stage = {}, .actor = "bob", .now = noon})) ==
        ErrorKind::refused);
  CHECK(kind_of(approve_stage(*scene.store, {.run = RunId{9}, .stage = {}, .actor = "bob", .now = noon})) ==
        ErrorKind::not_found);
}
