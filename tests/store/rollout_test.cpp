// SPDX-License-Identifier: MIT
// Conformance suite: stages, approvals, shares, arguments and paces, for every engine of the Store seam.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "sluice/store/figures.hpp"
#include "store/store_engines.hpp"
#include "store/store_fixture.hpp"

using namespace sluice;
using namespace sluice::store_tests;

namespace {

/// A sealed run of one chunk for each of the stages, each of so many devices.
RunId submit_staged(Store& store, const std::vector<int>& stages, const std::string& submitter = "wang") {
  NewRun run{.job_name = "fw",
             .tenant = "prod",
             .endpoint = "https://iot.example",
             .job_text = "{}",
             .rate = 8,
             .created_at = noon,
             .submitter = submitter,
             .digest = "d1"};
  for (std::size_t i = 0; i < stages.size(); ++i)
    run.stages.push_back({.name = "stage " + std::to_string(i + 1), .devices = stages[i]});
  const RunId id = expect(store.create_run(run));
  std::vector<NewChunk> chunks;
  int first = 0;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    chunks.push_back(
        {.devices = stages[i], .names = names(first, stages[i]), .stage = static_cast<int>(i) + 1});
    first += stages[i];
  }
  expect(store.add_chunks(id, chunks));
  expect(store.seal_run(id, 0));
  return id;
}

Outcome accepted() { return {.kind = OutcomeKind::accepted, .http_status = 200}; }

void settle_as(Store& store, const ClaimedChunk& chunk, Outcome outcome, Transition next,
               UtcTime now = noon) {
  expect(store.settle({.chunk = chunk.chunk,
                       .attempt = chunk.attempt,
                       .outcome = std::move(outcome),
                       .transition = std::move(next),
                       .sent_at = now,
                       .settled_at = now}));
}

Transition confirmed() { return {.state = ChunkState::succeeded, .evidence = Evidence::confirmed}; }

}  // namespace

TEST_CASE_TEMPLATE(
    "store: a stage that has not been opened cannot be claimed, and the next one opens in order only", Home,
    SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit_staged(*store, {2, 3});
  CHECK(claim(*store, 10).empty());
  CHECK(kind_of(store->open_stage(run, 2, noon)) == ErrorKind::refused);

  expect(store->open_stage(run, 1, noon));
  const std::vector<ClaimedChunk> first = claim(*store, 10);
  REQUIRE(first.size() == 1);
  CHECK(first[0].stage == 1);
  CHECK(first[0].facts.devices == 2);
  CHECK(expect(store->queue_state(run, noon)).due_now == 0);

  CHECK(kind_of(store->open_stage(run, 1, noon)) == ErrorKind::refused);
  expect(store->open_stage(run, 2, noon + 1s));
  CHECK(expect(store->queue_state(run, noon)).due_now == 1);
  CHECK(claim(*store, 10).size() == 1);
  CHECK(kind_of(store->open_stage(run, 3, noon)) == ErrorKind::refused);
}

TEST_CASE_TEMPLATE("store: a stage's times are recorded once, and tell how it came about", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit_staged(*store, {2, 3});
  expect(store->open_stage(run, 1, noon));

  expect(store->note_stage_settled(run, 1, noon + 5s));
  expect(store->note_stage_settled(run, 1, noon + 9s));

  const std::vector<StageRecord> stages = expect(store->stages(run));
  REQUIRE(stages.size() == 2);
  CHECK(
      stages[0] ==
      StageRecord{.number = 1, .name = "stage 1", .devices = 2, .opened_at = noon, .settled_at = noon + 5s});
  CHECK_FALSE(stages[1].opened_at);
}

TEST_CASE_TEMPLATE("store: a canceled run opens no stage", Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit_staged(*store, {2, 3});
  expect(store->set_run_control({.run = run, .control = RunControl::canceled, .now = noon}));

  CHECK(kind_of(store->open_stage(run, 1, noon)) == ErrorKind::refused);
  CHECK(expect(store->run(run))->devices.canceled == 5);
}

TEST_CASE_TEMPLATE(
    "store: an approval is for the next stage unless it names one, and is recorded with who and when", Home,
    SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit_staged(*store, {2, 3, 4});
  expect(store->open_stage(run, 1, noon));

  CHECK(expect(store->approve({.run = run, .actor = "li", .now = noon + 1s})) == 2);
  CHECK(expect(store->approve({.run = run, .actor = "zhao", .now = noon + 2s})) == 2);
  CHECK(expect(store->approve({.run = run, .stage = 3, .actor = "li", .is_past_gate = true, .now = noon})) ==
        3);

  const std::vector<StageRecord> stages = expect(store->stages(run));
  CHECK(stages[1].approved_by == "li");
  CHECK(stages[1].approved_at == noon + 1s);
  CHECK_FALSE(stages[1].is_past_gate);
  CHECK(stages[2].is_past_gate);
}

TEST_CASE_TEMPLATE("store: an approval that cannot be meant is refused", Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit_staged(*store, {2, 3});
  const RunId plain = submit(*store, {1});
  expect(store->open_stage(run, 1, noon));

  const auto refused = [&](StageApproval approval) {
    approval.now = noon;
    return kind_of(store->approve(approval)) == ErrorKind::refused;
  };
  CHECK(refused({.run = run, .actor = "wang", .not_by_submitter = true}));
  CHECK(refused({.run = run, .stage = 1, .actor = "li"}));
  CHECK(refused({.run = run, .stage = 3, .actor = "li"}));
  CHECK(refused({.run = run, .actor = "li", .digest = "another plan"}));
  CHECK(refused({.run = plain, .actor = "li"}));
  CHECK(kind_of(store->approve({.run = RunId{99}, .actor = "li", .now = noon})) == ErrorKind::not_found);
  CHECK(expect(store->approve({.run = run, .actor = "wang", .digest = "d1", .now = noon})) == 2);
  expect(store->set_run_control({.run = run, .control = RunControl::canceled, .now = noon}));
  CHECK(refused({.run = run, .actor = "li", .is_past_gate = true}));
}

TEST_CASE_TEMPLATE("store: a tally tells each stage by its results, and the row of refusals", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit_staged(*store, {2, 3, 4, 5});
  for (int stage = 1; stage <= 4; ++stage) expect(store->open_stage(run, stage, noon));
  const std::vector<ClaimedChunk> claimed = claim(*store, 10);
  REQUIRE(claimed.size() == 4);
  settle_as(*store, claimed[0], accepted(), confirmed());
  settle_as(*store, claimed[1], {.kind = OutcomeKind::silent, .code = "timeout"},
            {.state = ChunkState::in_doubt});
  settle_as(*store, claimed[2], {.kind = OutcomeKind::rejected_devices, .code = "gone"},
            {.state = ChunkState::failed});

  const RunTally tally = expect(store->tally(run));

  REQUIRE(tally.stages.size() == 4);
  CHECK(tally.stages[0] == StageTally{.devices = 2, .accepted = 2});
  CHECK(tally.stages[1] == StageTally{.devices = 3, .in_doubt = 3, .bad_by_code = {{"timeout", 3}}});
  CHECK(tally.stages[2] == StageTally{.devices = 4, .failed = 4, .bad_by_code = {{"gone", 4}}});
  CHECK(tally.stages[3] == StageTally{.devices = 5});
  CHECK(tally.rejected_in_a_row == 1);
}

TEST_CASE_TEMPLATE("store: the halves of a split chunk stay in its stage, with its arguments", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = expect(store->create_run({.job_name = "fw",
                                              .tenant = "prod",
                                              .endpoint = "e",
                                              .job_text = "{}",
                                              .rate = 8,
                                              .created_at = noon,
                                              .stages = {{"canary", 4}}}));
  const ArgumentsId arguments =
      expect(store->add_arguments(run, {.args = "{\"x\":1.0}", .compensate_args = "{\"x\":0.0}"}));
  expect(store->add_chunks(run, {{.devices = 4, .names = names(0, 4), .stage = 1, .arguments = arguments}}));
  expect(store->seal_run(run, 0));
  expect(store->open_stage(run, 1, noon));
  const std::vector<ClaimedChunk> whole = claim(*store, 10);
  REQUIRE(whole.size() == 1);
  CHECK(whole[0].arguments == RenderedArguments{.args = "{\"x\":1.0}", .compensate_args = "{\"x\":0.0}"});
  settle_as(*store, whole[0], {.kind = OutcomeKind::rejected_devices},
            {.state = ChunkState::split, .due_at = noon});

  const std::vector<ClaimedChunk> halves = claim(*store, 10);

  REQUIRE(halves.size() == 2);
  for (const ClaimedChunk& half : halves) {
    CHECK(half.stage == 1);
    CHECK(half.arguments == whole[0].arguments);
  }
}

TEST_CASE_TEMPLATE(
    "store: a settle that passes a threshold pauses its run with the cause, and one can cancel it", Home,
    SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId paused = submit(*store, {1, 1});
  const std::vector<ClaimedChunk> claimed = claim(*store, 1);
  Transition trip = confirmed();
  trip.halt = Halt::run;
  trip.halt_reason = "6 of 100 devices failed";
  trip.halt_cause = ControlCause::threshold;
  settle_as(*store, claimed.at(0), accepted(), trip);
  CHECK(expect(store->run(paused))->control == RunControl::paused);
  CHECK(expect(store->run(paused))->control_cause == ControlCause::threshold);
  CHECK(expect(store->run(paused))->control_reason == "6 of 100 devices failed");

  const RunId canceled = submit(*store, {1, 1, 1});
  const std::vector<ClaimedChunk> next = claim(*store, 2, noon, "prod", {canceled});
  trip.halt = Halt::cancel;
  settle_as(*store, next.at(0), accepted(), trip);
  CHECK(expect(store->run(canceled))->control == RunControl::canceled);
  CHECK(expect(store->run(canceled))->control_cause == ControlCause::threshold);
  CHECK(expect(store->run(canceled))->devices.canceled == 1);
  CHECK(expect(store->run(canceled))->devices.in_flight == 1);
  expect(store->set_run_control({.run = paused, .now = noon}));
  CHECK(expect(store->run(paused))->control_cause == ControlCause::none);
}

TEST_CASE_TEMPLATE("store: a claim takes runs by their shares, and no more of one than it may have", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId large = submit(*store, std::vector<int>(20, 1));
  const RunId small = submit(*store, std::vector<int>(20, 1));
  ClaimRequest request{.tenant = "prod", .limit = 11, .now = noon, .make_intent = fresh_intent};
  // Ten of the one for each of the other: ranks 0, 0.1, 0.2 … and 0, 1, 2 …
  request.shares = {{large, {.pass = 0, .stride = 0.1}}, {small, {.pass = 0.05, .stride = 1}}};

  const auto of = [](const std::vector<ClaimedChunk>& chunks, RunId run) {
    return std::ranges::count(chunks, run, &ClaimedChunk::run);
  };
  const std::vector<ClaimedChunk> shared = expect(store->claim(request));
  CHECK(of(shared, large) == 10);
  CHECK(of(shared, small) == 1);

  request.limit = 10;
  request.shares = {{large, {.chunks_max = 0}}, {small, {.chunks_max = 3}}};
  const std::vector<ClaimedChunk> limited = expect(store->claim(request));
  CHECK(of(limited, large) == 0);
  CHECK(of(limited, small) == 3);
}

TEST_CASE_TEMPLATE("store: the newest order for a tenant's pace counts, and none is changed", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  CHECK_FALSE(expect(store->rate_order("prod")));

  expect(store->set_rate({.tenant = "prod", .rate = 4, .until = noon + 1h, .actor = "li", .now = noon}));
  expect(store->set_rate(
      {.tenant = "prod", .rate = 2.5, .until = noon + 2h, .actor = "wang", .now = noon + 1s}));

  const std::optional<RateOrder> order = expect(store->rate_order("prod"));
  REQUIRE(order);
  CHECK(*order ==
        RateOrder{.tenant = "prod", .rate = 2.5, .until = noon + 2h, .actor = "wang", .now = noon + 1s});
}

TEST_CASE_TEMPLATE(
    "store: the devices of unfinished runs are told, those of finished ones and of other tenants are not",
    Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId finished = submit(*store, {2});
  for (const ClaimedChunk& chunk : claim(*store, 10, noon, "prod", {finished}))
    settle_as(*store, chunk, accepted(), confirmed());
  submit(*store, {3}, "test");
  const RunId unfinished = submit(*store, {1, 1});

  std::vector<std::pair<RunId, std::string>> told;
  expect(store->for_each_unfinished_device("prod", [&](RunId run, std::string_view device) {
    told.emplace_back(run, device);
    return true;
  }));

  CHECK(told == std::vector<std::pair<RunId, std::string>>{{unfinished, "dev-0"}, {unfinished, "dev-1"}});
}

TEST_CASE_TEMPLATE("store: what is due of a stage waits to be sent since the stage is open, and no longer",
                   Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit_staged(*store, {2, 3});
  const auto oldest_due = [&] {
    return expect(store->figures().read_figures(noon + 90s)).tenants.at(0).oldest_due;
  };
  CHECK_FALSE(oldest_due());

  expect(store->open_stage(run, 1, noon + 60s));

  CHECK(oldest_due() == noon + 60s);
}
