// SPDX-License-Identifier: MIT
// In which order commands take effect: the brake before the record, the record in the order of the commands,
// and an answer in time even if the record must wait.
#include "app/control_desk.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "clock/virtual_clock.hpp"
#include "sluice/store/open_store.hpp"
#include "store/store_fixture.hpp"
#include "support/unsteady_store.hpp"

using namespace sluice;
using namespace sluice::store_tests;

namespace {

namespace asio = boost::asio;

/// A session that remembers what it was told.
struct RecordingRuns : SteeredRuns {
  std::vector<RunId> steered_runs() const override { return {steered.begin(), steered.end()}; }
  bool is_ending() const override { return is_over; }
  void brake(RunId run) override { braked.insert(run); }
  void send_again(const ControlDone& resumed) override { braked.erase(resumed.run.id); }
  void look_again() override { ++times_looked; }
  void ended_unsent(const RunRecord& run) override { ended.push_back(run.id); }
  void all_recorded() override { ++times_all_recorded; }

  std::set<RunId> steered;
  std::set<RunId> braked;
  std::vector<RunId> ended;
  bool is_over = false;
  int times_looked = 0;
  int times_all_recorded = 0;
};

using Answer = std::optional<Result<ControlAnswer>>;

struct Scene {
  Scene() : run(submit(store, {100, 50})) { runs.steered.insert(run); }

  /// The answer comes as the loop turns.
  std::shared_ptr<Answer> tell(ApiCommand command) {
    auto answer = std::make_shared<Answer>();
    asio::co_spawn(loop, carry_out(std::move(command), answer),
                   [](std::exception_ptr problem) { REQUIRE_FALSE(problem); });
    return answer;
  }
  std::shared_ptr<Answer> tell(ControlVerb verb) { return tell(ControlRunCommand{verb, run, "lunch"}); }

  asio::awaitable<void> carry_out(ApiCommand command, std::shared_ptr<Answer> answer) {
    answer->emplace(co_await desk.take(std::move(command), "uid 7"));
  }

  RunRecord record() { return record_of(store, run); }

  asio::io_context loop;
  VirtualClock clock{loop};
  test::UnsteadyStore store{expect(open_memory_store(noon))};
  AsyncStore calls{store, loop.get_executor(), loop.get_executor()};
  RecordingRuns runs;
  ControlDesk desk{loop.get_executor(), calls, clock, runs};
  RunId run;
};

ControlAnswer answer_in(const std::shared_ptr<Answer>& answer) {
  REQUIRE(answer->has_value());
  return expect(**answer);
}

}  // namespace

TEST_CASE("control desk: a pause brakes, is recorded, and answers with what is in flight") {
  Scene scene;
  REQUIRE(claim(scene.store, 1).size() == 1);

  const auto pause = scene.tell(ControlVerb::pause);
  scene.clock.run();

  const ControlAnswer answer = answer_in(pause);
  CHECK(answer.action == "pause");
  CHECK(answer.is_recorded);
  REQUIRE(answer.runs.size() == 1);
  CHECK(answer.runs[0].is_changed);
  CHECK(answer.runs[0].status == "paused");
  CHECK(answer.runs[0].requests_in_flight == 1);
  CHECK(answer.runs[0].devices.pending == 50);
  CHECK(scene.runs.braked.contains(scene.run));
  CHECK(scene.record().control == RunControl::paused);
  CHECK(scene.desk.is_idle());
  CHECK(scene.runs.times_all_recorded == 1);
}

TEST_CASE(
    "control desk: while another program holds the store the brake holds at once and the answer comes in ten "
    "seconds") {
  Scene scene;
  bool is_held = true;
  scene.store.is_held = [&is_held] { return is_held; };
  const SteadyTime told_at = scene.clock.steady_now();

  const auto pause = scene.tell(ControlVerb::pause);
  scene.clock.run_until(told_at + 1ms);
  CHECK(scene.runs.braked.contains(scene.run));
  CHECK_FALSE(pause->has_value());

  scene.clock.run_until(told_at + 10s + 1ms);
  const ControlAnswer answer = answer_in(pause);
  CHECK_FALSE(answer.is_recorded);
  CHECK(answer.runs.front().run == scene.run);
  CHECK(answer.runs.front().status.empty());
  CHECK_FALSE(scene.desk.is_idle());

  is_held = false;
  scene.clock.run();
  CHECK(scene.record().control == RunControl::paused);
  CHECK(scene.desk.is_idle());
}

TEST_CASE("control desk: a resume that a later pause has overtaken lets nothing go on") {
  Scene scene;
  scene.tell(ControlVerb::pause);
  scene.clock.run();

  const auto resume = scene.tell(ControlVerb::resume);
  const auto pause = scene.tell(ControlVerb::pause);
  scene.clock.run();

  CHECK(answer_in(resume).runs.front().is_changed);
  CHECK(answer_in(pause).runs.front().is_changed);
  CHECK(scene.runs.braked.contains(scene.run));
  CHECK(scene.record().control == RunControl::paused);
}

TEST_CASE("control desk: a cancel among pauses and resumes wins, wherever it comes") {
  for (const int place : {0, 1, 2, 3}) {
    CAPTURE(place);
    Scene scene;
    const std::vector<ControlVerb> others{ControlVerb::pause, ControlVerb::resume, ControlVerb::pause};
    for (int i = 0; i < 4; ++i) {
      if (i == place) scene.tell(ControlVerb::cancel);
      if (i < 3) scene.tell(others[static_cast<std::size_t>(i)]);
    }
    const auto resume = scene.tell(ControlVerb::resume);
    scene.clock.run();

    CHECK(scene.record().control == RunControl::canceled);
    CHECK(scene.runs.braked.contains(scene.run));
    REQUIRE(resume->has_value());
    CHECK(kind_of(**resume) == ErrorKind::refused);
    CHECK(scene.record().devices.canceled == 150);
  }
}

TEST_CASE("control desk: stop brakes all that is sent here and pauses all that is unfinished") {
  Scene scene;
  const RunId queued = submit(scene.store, {1});

  const auto stop = scene.tell(StopCommand{""});
  scene.clock.run();

  const ControlAnswer answer = answer_in(stop);
  REQUIRE(answer.runs.size() == 2);
  CHECK(answer.runs[0].run == scene.run);
  CHECK(answer.runs[1].run == queued);
  CHECK(scene.runs.braked == std::set<RunId>{scene.run});
  CHECK(record_of(scene.store, queued).control == RunControl::paused);
}

TEST_CASE("control desk: a run that is sent elsewhere, or by a process that ends, cannot be resumed here") {
  Scene scene;
  const RunId elsewhere = submit(scene.store, {1});
  const auto foreign = scene.tell(ControlRunCommand{ControlVerb::resume, elsewhere, ""});
  scene.runs.is_over = true;
  const auto late = scene.tell(ControlVerb::resume);
  scene.clock.run();

  REQUIRE(foreign->has_value());
  CHECK(kind_of(**foreign) == ErrorKind::refused);
  REQUIRE(late->has_value());
  CHECK(kind_of(**late) == ErrorKind::refused);
}

TEST_CASE("control desk: an interrupted process does not wait for who holds the store") {
  Scene scene;
  scene.store.is_held = [] { return true; };
  const auto pause = scene.tell(ControlVerb::pause);
  scene.desk.stop_waiting();

  scene.clock.run();

  REQUIRE(pause->has_value());
  CHECK(kind_of(**pause) == ErrorKind::storage_busy);
  CHECK(scene.runs.braked.contains(scene.run));
  CHECK(scene.desk.is_idle());
}

TEST_CASE("control desk: a pace that a person has ordered is recorded, and whoever sends looks at it") {
  Scene scene;

  const auto order = scene.tell(SetRateCommand{"prod", 4, 1h});
  scene.clock.run();

  CHECK(answer_in(order).rate->rate == 4);
  CHECK(scene.runs.times_looked == 1);
  CHECK(scene.runs.braked.empty());
  const auto recorded = expect(scene.store.rate_order("prod"));
  REQUIRE(recorded.has_value());
  CHECK(recorded->rate == 4);
  CHECK(recorded->until - recorded->now == 1h);
  CHECK(recorded->actor == "uid 7");
}

TEST_CASE("control desk: what brakes nothing is no success as long as it is not recorded") {
  Scene scene;
  scene.store.is_held = [] { return true; };
  const auto rate = scene.tell(SetRateCommand{"prod", 4, 1h});
  const auto resume = scene.tell(ControlVerb::resume);
  const auto queued = scene.tell(ControlRunCommand{ControlVerb::pause, RunId{2}, ""});
  scene.clock.run_until(scene.clock.steady_now() + 11s);

  for (const auto& answer : {rate, resume, queued}) {
    REQUIRE(answer->has_value());
    CHECK(kind_of(**answer) == ErrorKind::storage_busy);
  }
}

TEST_CASE(
    "control desk: the end of a run that nobody sends is told, once and only if it was the order's doing") {
  Scene scene;
  scene.runs.steered.clear();

  scene.tell(ControlVerb::pause);
  scene.clock.run();
  CHECK(scene.runs.ended.empty());
  scene.tell(ControlVerb::cancel);
  scene.tell(ControlVerb::cancel);
  scene.clock.run();

  CHECK(scene.runs.ended == std::vector<RunId>{scene.run});
}

TEST_CASE("control desk: of a run that is sent, the sending tells the end") {
  Scene scene;

  const auto cancel = scene.tell(ControlVerb::cancel);
  scene.clock.run();

  CHECK(answer_in(cancel).runs.at(0).status == "canceled");
  CHECK(scene.runs.ended.empty());
}
